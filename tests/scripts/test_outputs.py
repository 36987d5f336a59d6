"""What a command hands to later jobs of a CI run: the release that it brought, and nothing else."""

import pytest

from release.domain.errors import ReleaseFailed
from scripts.shared import outputs
from scripts.shared.cli import Command, execute

ID = "7f9ae170c5b5"


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The file that the step names."""
    path = tmp_path / "output"
    monkeypatch.setenv(outputs.VARIABLE, str(path))
    return path


def run(work):
    """A command `try` that does `work(out)`; returns its exit code."""
    return execute(Command("try", "Try.", "./slipway try", lambda args, out: work(out)), [])


def brought(out):
    """What a command tells that brought a release."""
    out.result({"release": ID, "stage": "dev"}, f"{ID} is live in dev")


def test_the_release_that_came_is_handed_on(file):
    file.write_text("before=1\n")
    assert run(brought) == 0
    assert file.read_text() == f"before=1\nrelease={ID}\n"


def test_what_failed_after_its_answer_hands_nothing_on(file):
    def work(out):
        brought(out)
        raise ReleaseFailed("The gate auc failed.", "Nothing was changed.", "Look at it.")

    assert run(work) == 1
    assert not file.exists()


@pytest.mark.parametrize(
    "answer",
    [{}, {"release": None}, {"release": 7}, {"landed": [{"release": ID}]}, {"release": f"{ID}\nstage=prod"}],
)
def test_an_answer_that_names_no_release_hands_nothing_on(answer):
    assert outputs.lines(answer, 0) == ""


def test_outside_of_ci_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv(outputs.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    assert run(brought) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_ends_no_work_and_is_said(file, capsys):
    file.mkdir()
    assert run(brought) == 0
    assert "could not be handed to later CI jobs" in capsys.readouterr().err
