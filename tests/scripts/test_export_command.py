"""`./slipway export`, in the world of fakes: where it writes, what it says, and how it ends."""

import json

import pytest

from integrations import formats
from release.domain.errors import UsageError
from release.domain.stages import StageEntry
from release.operations import fences
from scripts import export
from scripts.shared.cli import STALE, execute
from tests.fakes.world import FakeWorld, Told
from tests.release.scenes import ENDPOINT, pins_now, serving, sure


@pytest.fixture
def prod():
    """It serves what every system could run."""
    return serving(0, 1, runtime="container")


@pytest.fixture
def to(tmp_path):
    """A folder to export to, and the arguments that say so."""
    return ("--output", str(tmp_path / "out"))


def test_every_format_writes_into_a_folder_of_its_own(slipway, prod, tmp_path, to):
    code, out, _ = slipway("export", "prod", *to, "--json")
    answer = json.loads(out)
    assert (code, answer["stage"], answer["formats"]) == (0, "prod", list(formats.formats()))
    assert answer["endpoints"] == {ENDPOINT: sure(pins_now(prod).live).release}
    for name in formats.formats():
        folder = tmp_path / "out" / name.replace("-", "_") / "stages" / "prod"
        assert any(path.startswith(str(folder)) for path in answer["written"]), name


def test_one_format_alone_may_be_asked_for(slipway, tmp_path, to):
    assert slipway("export", "prod", "--format", "terraform", *to)[0] == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["terraform"]


def test_the_projects_own_folder_is_where_it_writes_by_itself(slipway, tmp_path, monkeypatch):
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\n")
    monkeypatch.chdir(tmp_path)
    assert slipway("export", "prod", "--format", "terraform")[0] == 0
    assert (tmp_path / "integrations/terraform/stages/prod/stage.json").exists()


def test_the_same_pins_write_the_same_bytes_once(slipway, to):
    slipway("export", "prod", *to)
    code, out, _ = slipway("export", "prod", *to, "--json")
    assert (code, json.loads(out)["written"]) == (0, [])


class TestCheck:
    def test_ends_with_0_where_everything_is_as_the_pins_say(self, slipway, to):
        slipway("export", "prod", *to)
        code, out, _ = slipway("export", "prod", *to, "--check")
        assert (code, "as the pins say" in out) == (0, True)

    def test_writes_nothing_and_names_what_is_stale_and_what_mends_it(self, slipway, tmp_path, to):
        code, out, _ = slipway("export", "prod", "--format", "terraform", *to, "--check")
        assert code == STALE
        assert "stage.json is missing" in out
        assert f"./slipway export prod --format terraform --output {to[1]}" in out
        assert not (tmp_path / "out").exists()

    def test_one_change_of_a_pin_makes_every_format_stale_and_one_command_mends_all(self, slipway, prod, to):
        slipway("export", "prod", *to)
        settings = prod.file.endpoints[ENDPOINT]
        prod.file.endpoints[ENDPOINT] = settings.model_copy(update={"live": prod.pin(5)})
        code, out, _ = slipway("export", "prod", *to, "--check", "--json")
        answer = json.loads(out)
        assert code == STALE
        for name in formats.formats():
            assert any(f"/{name.replace('-', '_')}/" in one for one in answer["stale"]), name
        assert slipway(*answer["mends"].split()[1:])[0] == 0
        assert slipway("export", "prod", *to, "--check")[0] == 0


class TestWhatWasExportedBefore:
    """`--format exported`: for a job that has to hold whatever a project exports."""

    def test_nothing_is_stale_where_nothing_was(self, slipway, dev, prod, tmp_path, to):
        fences.add(FakeWorld(dev, prod), sure(pins_now(prod).live).release, "it lies", Told())
        code, out, _ = slipway("export", "prod", "--format", "exported", *to, "--check")
        assert (code, "nothing of prod was exported before" in out) == (0, True)
        assert not (tmp_path / "out").exists()

    def test_is_checked_and_written_anew(self, slipway, prod, to):
        slipway("export", "prod", "--format", "terraform", *to)
        settings = prod.file.endpoints[ENDPOINT]
        prod.file.endpoints[ENDPOINT] = settings.model_copy(update={"live": prod.pin(5)})
        code, out, _ = slipway("export", "prod", "--format", "exported", *to, "--check", "--json")
        answer = json.loads(out)
        assert (code, answer["formats"]) == (STALE, ["terraform"])
        assert slipway(*answer["mends"].split()[1:])[0] == 0
        assert slipway("export", "prod", "--format", "exported", *to, "--check")[0] == 0

    def test_a_stage_that_is_not_there_is_refused_all_the_same(self, slipway, to):
        assert slipway("export", "moon", "--format", "exported", *to)[0] == 2


@pytest.mark.parametrize("name", formats.formats())
def test_every_format_refuses_a_fenced_release_and_writes_nothing(slipway, dev, prod, tmp_path, to, name):
    slipway("export", "prod", "--format", name, *to)
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    fences.add(FakeWorld(dev, prod), sure(pins_now(prod).live).release, "it lies", Told())
    for further in ((), ("--check",)):
        code, _, err = slipway("export", "prod", "--format", name, *to, *further)
        assert code == 1
        assert "it lies" in err
        assert "fence clear" in err
    assert before == {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("asks", "reason"),
    [
        ({"approvals": 1}, "approval: 0 of"),
        ({"gates": ["calibration"]}, "calibration: required by the stage"),
    ],
    ids=["unapproved", "without its evidence"],
)
@pytest.mark.parametrize("name", formats.formats())
def test_every_format_refuses_a_release_that_its_stage_would_not_let_in(
    dev, prod, tmp_path, to, monkeypatch, capsys, name, asks, reason
):
    entries = (StageEntry(name=dev.name), StageEntry(name=prod.name, **asks))
    monkeypatch.setattr(export, "connect", lambda tell: FakeWorld(dev, prod, entries=entries))
    code = execute(export.COMMAND, ["prod", "--format", name, *to])
    assert code == 1
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_format_that_refuses_a_value_keeps_the_others_from_being_half_written(
    slipway, tmp_path, to, monkeypatch
):
    def refuses(name, exported):
        raise UsageError("Kubernetes does not take it.", "Nothing was exported.", "Change it.")

    monkeypatch.setattr(formats, "files_of", refuses)
    assert slipway("export", "prod", *to)[0] == 2
    assert not (tmp_path / "out").exists()


def refusing(refused):
    """Formats of which one takes nothing."""
    real = formats.files_of

    def made(name, exported):
        if name == refused:
            raise UsageError("Kubernetes does not take it.", "Nothing was exported.", "Change it.")
        return real(name, exported)

    return made


def test_among_all_a_format_that_refuses_is_told_and_the_others_are_written(
    slipway, tmp_path, to, monkeypatch
):
    monkeypatch.setattr(formats, "files_of", refusing("kserve"))
    code, out, _ = slipway("export", "prod", *to)
    assert (code, "kserve is left out: Kubernetes does not take it." in out) == (0, True)
    written = {folder.name for folder in (tmp_path / "out").iterdir()}
    assert written == {name.replace("-", "_") for name in formats.formats()} - {"kserve"}
    assert slipway("export", "prod", "--format", "kserve", *to)[0] == 2


def test_what_was_exported_before_and_is_refused_now_is_not_passed_over(slipway, to, monkeypatch):
    assert slipway("export", "prod", *to)[0] == 0
    monkeypatch.setattr(formats, "files_of", refusing("kserve"))
    for further in ((), ("--check",), ("--format", "exported", "--check")):
        code, _, err = slipway("export", "prod", *to, *further)
        assert code == 2
        assert "Kubernetes does not take it." in err


def test_a_stage_that_is_not_there_is_named_with_those_that_are(slipway, to):
    code, _, err = slipway("export", "moon", *to)
    assert code == 2
    assert "dev, prod" in err


def test_a_format_that_is_not_there_is_refused_with_those_that_are(slipway, to, capsys):
    with pytest.raises(SystemExit) as end:
        slipway("export", "prod", "--format", "moon", *to)
    assert end.value.code == 2
    assert "terraform" in capsys.readouterr().err
