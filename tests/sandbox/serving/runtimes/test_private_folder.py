"""A command for which a folder is another one, and a machine that does not notice."""

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.serving.runtimes import private_folder_program

_PROBE = [sys.executable, "-c", "import sandbox.serving.runtimes.private_folder_program as p; p.enter()"]
pytestmark = pytest.mark.skipif(
    subprocess.run(_PROBE, capture_output=True, check=False).returncode != 0,
    reason="no mount namespaces here: not Linux, or neither root nor user namespaces",
)


def run(target: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-I", "-S", private_folder_program.__file__]
    return subprocess.run(
        [*program, str(target), str(folder), *command], capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "job"
    made.mkdir()
    (made / "given").write_text("to the job")
    return made


def test_a_folder_that_is_not_there_is_there_for_the_command(tmp_path: Path, folder: Path) -> None:
    parent = tmp_path / "opt"
    (parent / "kept").mkdir(parents=True)
    (parent / "kept/file").write_text("as before")
    (parent / "plain").write_text("too")
    (parent / "link").symlink_to("kept/file")
    script = (
        f"cat {parent}/ml/given {parent}/kept/file {parent}/plain {parent}/link; echo made > {parent}/ml/new"
    )
    done = run(parent / "ml", folder, "sh", "-c", script)
    assert (done.returncode, done.stdout) == (0, "to the jobas beforetooas before")
    assert (folder / "new").read_text() == "made\n"
    assert sorted(entry.name for entry in parent.iterdir()) == ["kept", "link", "plain"]


def test_a_folder_that_is_there_is_another_one_for_the_command(tmp_path: Path, folder: Path) -> None:
    target = tmp_path / "ml"
    target.mkdir()
    (target / "mine").touch()
    done = run(target, folder, "sh", "-c", f"ls {target}; rm {target}/given")
    assert (done.returncode, done.stdout) == (0, "given\n")
    assert [entry.name for entry in target.iterdir()] == ["mine"]
    assert list(folder.iterdir()) == []


def test_a_command_that_is_not_there_ends_as_in_a_shell(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "plain").touch()
    assert run(tmp_path / "ml", folder, "/not/there").returncode == 127
    done = run(tmp_path / "ml", folder, str(tmp_path / "plain"))
    assert (done.returncode, done.stderr) == (126, f"exec {tmp_path}/plain: permission denied\n")


def test_where_it_cannot_be_laid_the_command_runs_without_and_it_is_said(
    tmp_path: Path, folder: Path
) -> None:
    done = run(tmp_path / "no/such/parent", folder, "echo", "runs")
    assert (done.returncode, done.stdout) == (0, "runs\n")
    assert f"it is at {folder}" in done.stderr
