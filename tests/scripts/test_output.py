"""An output that takes nothing is an error with an exit code, for every command, and ends no work."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.scripts.test_cli import ROOT, VERBS

FULL = Path("/dev/full")
pytestmark = [
    pytest.mark.sandbox,  # each is a process of a command, and its libraries take a second to load
    pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full"),
]

PROGRAM = """
import sys
from scripts.shared.cli import Command, run
from release.ports import Event

def work(args, out):
    for number in range(500):
        out.step(f"step {number}")
        out.tell(Event("x" * 200, detail=True))
        if number % 100 == 0:
            out.text("progress " * 100)
    open(sys.argv[-1], "w").write("done")
    if "fail" in sys.argv[-1]:
        raise ValueError("no")
    out.result({"answer": "x" * 100_000}, "an answer")

def arguments(parser):
    parser.add_argument("file")

run(Command("try", "Try something.", "./slipway try", work, arguments))
"""


def shell(words: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command line with redirections, `$PYTHON` and the arguments in it."""
    return subprocess.run(
        ["bash", "-c", words, "bash", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def program(tmp_path: Path) -> str:
    file = tmp_path / "program.py"
    file.write_text(textwrap.dedent(PROGRAM))
    return f"PYTHONPATH=. $PYTHON {file}"


@pytest.mark.parametrize("option", ["", "--json"])
def test_a_full_stdout_is_exit_4_after_the_work(program: str, tmp_path: Path, option: str) -> None:
    done = shell(f"{program} {option} {tmp_path}/it > /dev/full")
    assert done.returncode == 4
    assert "The answer could not be written: [Errno 28]" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert (tmp_path / "it").read_text() == "done"


def test_a_full_stderr_leaves_the_answer(program: str, tmp_path: Path) -> None:
    done = shell(f"{program} --json {tmp_path}/it 2> /dev/full")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout.splitlines()[-1])["answer"]


@pytest.mark.parametrize("where", ["> /dev/full 2> /dev/full", "&> /dev/full", "> /dev/full 2>&-"])
def test_with_nothing_to_write_to_there_is_still_an_exit_code(
    program: str, tmp_path: Path, where: str
) -> None:
    assert shell(f"{program} --json {tmp_path}/it {where}").returncode == 4
    assert (tmp_path / "it").read_text() == "done"


def test_a_failure_keeps_its_own_exit_code(program: str, tmp_path: Path) -> None:
    done = shell(f"{program} --json {tmp_path}/fail > /dev/full")
    assert done.returncode == 4
    assert "Unexpected ValueError: no" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["", "--json"])
def test_a_reader_that_goes_away_ends_no_work(program: str, tmp_path: Path, option: str) -> None:
    done = shell(f"{program} {option} {tmp_path}/it 2>/dev/null | true; echo ${{PIPESTATUS[0]}}")
    assert done.stdout == "0\n"
    assert (tmp_path / "it").read_text() == "done"


def test_closed_streams_are_nothing_wanted(program: str, tmp_path: Path) -> None:
    assert shell(f"{program} --json {tmp_path}/it >&- 2>&-").returncode == 0
    assert (tmp_path / "it").read_text() == "done"


@pytest.mark.parametrize("verb", VERBS)
def test_every_commands_help_on_a_full_disk(verb: str) -> None:
    done = shell(f"./slipway {verb} --help > /dev/full")
    assert done.returncode == 4
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("words", ["help", "help --json", "sandbox env", "sandbox down --json"])
def test_a_command_on_a_full_disk(words: str, tmp_path: Path) -> None:
    home = f"--home {tmp_path}" if "sandbox" in words else ""
    done = shell(f"./slipway {words} {home} > /dev/full")
    assert done.returncode in (2, 4)
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
