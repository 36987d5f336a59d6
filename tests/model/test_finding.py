"""Which service is trained: the one that is asked for, the project's only one, or the example."""

from pathlib import Path

import pytest

from model import finding
from model.errors import ServiceError
from model.skeletons.copying import KINDS, make


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").touch()
    return tmp_path


def test_a_project_without_services_has_the_example(project):
    assert finding.find(None, project) == finding.EXAMPLE
    assert finding.load(finding.EXAMPLE).name == "delays"


def test_its_only_service_need_not_be_named_wherever_one_stands(project):
    folder = make("toys_of_one", "binary", project / finding.OWN)
    assert finding.find(None, project) == folder
    assert finding.find(None, folder) == folder
    assert finding.find("toys_of_one", project) == folder
    assert finding.find("model/service", project).resolve() == finding.EXAMPLE


def test_of_several_one_has_to_be_named(project):
    for name in ("toys_of_two", "tools_of_two"):
        make(name, "regression", project / finding.OWN)
    with pytest.raises(ServiceError, match="tools_of_two, toys_of_two") as caught:
        finding.find(None, project)
    assert "--service" in caught.value.next_step
    assert finding.find("tools_of_two", project).name == "tools_of_two"


def test_a_name_that_is_none_says_which_there_are(project):
    make("toys_known", "binary", project / finding.OWN)
    with pytest.raises(ServiceError, match=r"no service 'toy'.*has: toys_known"):
        finding.find("toy", project)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_service_is_loaded_by_its_folder(project, kind):
    service = finding.load(make(f"new_{kind}", kind, project / finding.OWN))
    assert (service.name, service.kind) == (f"new_{kind}", kind)
    assert type(service).__name__ == f"New{kind.capitalize()}"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("import nothing_like_it", "importing it raises ModuleNotFoundError"),
        ("def (:", "importing it raises SyntaxError"),
        ("", "service.py names no SERVICE"),
        ("SERVICE = 1", "service.py names no SERVICE"),
        (
            "from model.contract import Service\nclass Mine(Service):\n    name = 'mine'\nSERVICE = Mine()",
            "it has no load(self, cache: Path) -> Data",
        ),
    ],
    ids=range(5),
)
def test_a_folder_that_is_no_service_says_why(tmp_path, request, text, part):
    folder = tmp_path / f"broken_{request.node.callspec.id}"
    folder.mkdir()
    (folder / "service.py").write_text(text)
    with pytest.raises(ServiceError) as caught:
        finding.load(folder)
    assert part in caught.value.cause
    assert caught.value.exit_code == 2


def test_a_folder_named_as_another_package_is_not_mixed_up_with_it(tmp_path):
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "service.py").write_text("")
    with pytest.raises(ServiceError, match="sandbox"):
        finding.load(tmp_path / "sandbox")


@pytest.mark.parametrize("name", ["Toys", "1toy", "a-b", "", "class", "toys" * 11, "../toys", "json"])
def test_names_that_cannot_be_a_services(tmp_path, name):
    with pytest.raises(ServiceError, match=r"name|package"):
        make(name, "binary", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path):
    folder = make("toys_kept", "binary", tmp_path)
    (folder / "service.py").write_text("mine")
    with pytest.raises(ServiceError, match="is there already"):
        make("toys_kept", "binary", tmp_path)
    assert (folder / "service.py").read_text() == "mine"


@pytest.mark.parametrize("name", ["rows", "split", "data", "data_", "feature", "output"])
def test_a_name_whose_class_would_hide_one_of_the_contract_is_refused(name, tmp_path):
    for kind in KINDS:
        with pytest.raises(ServiceError, match="would hide another"):
            make(name, kind, tmp_path)
    assert list(tmp_path.iterdir()) == []
