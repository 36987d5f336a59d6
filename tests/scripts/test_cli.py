"""The frame of every command: exit codes, the three lines of an error, JSON, interruption."""

import importlib
import json
import subprocess
from pathlib import Path

import pytest
from botocore import exceptions as aws

from release.domain.errors import Held, ReleaseFailed, ServiceError, UsageError
from scripts.help import commands
from scripts.shared.cli import Command, execute

ROOT = Path(__file__).resolve().parents[2]

MOST_LINES = 80
"""Of a command: about 60, a few more where it has many arguments."""


def command(error: BaseException | None = None, result: dict | None = None) -> Command:
    def work(args, out):
        if error:
            raise error
        out.result(result or {}, "done")

    return Command("try", "Try something.", "./slipway try", work)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (ReleaseFailed("no"), 1),
        (UsageError("no"), 2),
        (Held("no"), 3),
        (ServiceError("no"), 4),
        (KeyboardInterrupt(), 130),
        (aws.NoCredentialsError(), 2),
        (aws.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), 4),
        (aws.ClientError({"Error": {"Code": "Throttling", "Message": "slow"}}, "X"), 4),
        (OSError(28, "No space left on device"), 4),
        (ZeroDivisionError("boom"), 4),
    ],
)
def test_every_failure_has_its_exit_code_and_no_traceback(error, code, capsys):
    assert execute(command(error), []) == code
    assert "Traceback" not in capsys.readouterr().err


def test_an_error_says_cause_consequence_and_next_step(capsys):
    execute(command(UsageError("The cause.", "The consequence.", "The next step.")), [])
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["error: The cause.", "  The consequence.", "  The next step."]


def test_json_is_one_line_on_stdout(capsys):
    execute(command(result={"a": 1}), ["--json"])
    assert json.loads(capsys.readouterr().out) == {"a": 1}
    execute(command(UsageError("no")), ["--json"])
    assert json.loads(capsys.readouterr().out)["error"] == "no"


def test_a_traceback_is_shown_when_asked_for(capsys):
    execute(command(ZeroDivisionError("boom")), ["--traceback"])
    assert "Traceback" in capsys.readouterr().err


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit):
        execute(command(), ["--help"])
    assert "example:\n  ./slipway try" in capsys.readouterr().out


VERBS = sorted(path.stem.replace("_", "-") for path in (ROOT / "scripts").glob("[a-z]*.py"))


def module(verb):
    """The module of a command."""
    return verb.replace("-", "_")


def slipway(*words):
    return subprocess.run([str(ROOT / "slipway"), *words], capture_output=True, text=True, check=False)


class TestVerbs:
    """`./slipway VERB` runs scripts/VERB.py, so everything that lies there is a command."""

    @pytest.mark.parametrize("verb", VERBS)
    def test_every_script_is_a_command_of_its_own_name(self, verb):
        found = importlib.import_module(f"scripts.{module(verb)}").COMMAND
        assert found.name == verb
        assert found.summary
        assert found.example.startswith(f"./slipway {verb}")

    @pytest.mark.parametrize("verb", VERBS)
    def test_a_script_is_arguments_in_and_words_out(self, verb):
        """What it does belongs to an operation, which others can call as well."""
        lines = (ROOT / "scripts" / f"{module(verb)}.py").read_text().count("\n")
        assert lines <= MOST_LINES

    def test_every_one_is_listed_with_a_summary(self):
        assert set(commands()) == {*VERBS, "sandbox"}
        assert all(commands().values())

    @pytest.mark.parametrize("word", ["moving", "__init__", "shared", "nonsense"])
    def test_what_is_no_command_prints_those_that_are(self, word):
        done = slipway(word)
        assert done.returncode == 2
        assert done.stderr.startswith(f"error: there is no command '{word}'.\n")
        assert done.stdout == ""
        for verb in (*VERBS, "sandbox"):
            assert f"\n  {verb} " in done.stderr

    def test_without_a_word_they_are_the_answer(self):
        done = slipway()
        assert (done.returncode, done.stderr) == (0, "")
        assert "\n  promote " in done.stdout
