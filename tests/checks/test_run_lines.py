"""Every `run:` line of a workflow is a command of this project, with options that it has."""

import importlib
import re
import shlex
from pathlib import Path

import pytest

from scripts.checks.rules import lines
from scripts.checks.workflows import read
from scripts.help import commands
from scripts.shared.cli import _parser
from tests.conftest import ROOT

GIVEN = {"STAGE": "staging", "RELEASE": "7f9ae170c5b5", "GITHUB_EVENT_PATH": "event.json"}
"""What a workflow's `env` may hand to a line."""
ALL = [(name, job, line) for name, workflow in read(ROOT).items() for job, line in lines(workflow)]
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def understood(line: str) -> bool:
    """Whether a line is one of ours. A command parses its own arguments; what it refuses is a SystemExit."""
    words = shlex.split(line)
    given = [re.sub(r"^\$(\w+)$", lambda found: GIVEN[found[1]], word) for word in words]
    if given[0] == "make":
        return len(given) == 2 and given[1] in TARGETS
    if given[0] == "bash":
        return len(given) == 2 and (ROOT / given[1]).is_file()
    if given[0] != "./slipway" or given[1] not in commands():
        return False
    command = importlib.import_module(f"scripts.{given[1].replace('-', '_')}").COMMAND
    _parser(command, given[2:]).parse_args(given[2:])
    return True


@pytest.mark.parametrize(("workflow", "job", "line"), ALL)
def test_every_line_is_a_command_of_the_project(workflow, job, line):
    assert understood(line)


@pytest.mark.parametrize(
    "line", ["pip install x", "make", "make nothing", "make test && x", "bash x", "./slipway x"]
)
def test_what_is_none_is_seen(line):
    assert not understood(line)


@pytest.mark.parametrize(
    "line", ["./slipway promote", "./slipway rollback prod --too", "./slipway release x"]
)
def test_an_option_that_a_command_has_not_is_seen(line, capsys):
    with pytest.raises(SystemExit):
        understood(line)


@pytest.mark.parametrize(("workflow", "job", "line"), ALL)
def test_a_value_of_the_environment_is_quoted_so_that_it_stays_one_word(workflow, job, line):
    assert re.findall(r'(?<!")\$|\$\w+(?!\w*")', line) == []


def test_every_workflow_has_lines():
    assert {Path(name).name for name, _, _ in ALL} >= {"ci.yml", "release.yml", "promote.yml", "rollback.yml"}
