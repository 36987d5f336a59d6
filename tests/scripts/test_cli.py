"""The frame of every command: exit codes, the three lines of an error, JSON, interruption."""

import json

import pytest
from botocore import exceptions as aws

from release.domain.errors import Held, ReleaseFailed, ServiceError, UsageError
from scripts.help import commands
from scripts.shared.cli import Command, execute


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


def test_every_script_that_is_a_command_is_listed():
    assert {"release", "promote", "rollback", "status", "sandbox"} <= set(commands())
