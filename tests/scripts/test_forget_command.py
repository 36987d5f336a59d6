"""forget says what went from where, and by its exit code whether anything is left that nobody can tell."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from monitoring.capture.selection import Count
from monitoring.operations.forget import Done
from scripts import forget as command
from scripts.shared.cli import execute
from tests.fakes.world import FakeWorld
from tests.release.scenes import serving

DONE = Done(
    stage="prod",
    endpoint="delays",
    id="0123456789ab",
    records=2,
    files=1,
    versions=3,
    hours=("2026-11-30T02",),
    places=(Count(place="captured records", searched=9, found=2), Count(place="drift/")),
    unread={},
    owned={},
    proof="f" * 64,
)


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command where a deletion comes to what a test says."""

    def one(done: Done, *arguments: str) -> tuple[int, str]:
        prod = serving()
        room = SimpleNamespace(world=FakeWorld(prod), ports=prod.ports())
        monkeypatch.setattr("monitoring.connect.room", lambda tell, stage: room)
        monkeypatch.setattr("monitoring.connect.erasure", lambda ports: None)
        monkeypatch.setattr(command, "forget", lambda *given: done)
        code = execute(command.COMMAND, ["prod", "--inference-id", "one", "--reason", "asked", *arguments])
        return code, " ".join(capsys.readouterr().out.split())

    return one


def test_a_whole_deletion_ends_with_0_and_says_what_went_from_where(run):
    code, out = run(DONE)
    assert code == 0
    assert "2 records in 1 files, 3 versions of objects are deleted: 0123456789ab" in out
    assert "2 in captured records" in out
    assert "./slipway monitor prod counts what is left of 2026-11-30T02" in out
    assert "drift/" not in out
    assert "not whole" not in out


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ({"unread": {"s3://kept/a.jsonl": 4}}, "4 in s3://kept/a.jsonl cannot be read"),
        ({"owned": {"s3://kept/truth.csv": 7}}, "7 lines of s3://kept/truth.csv are about it"),
    ],
)
def test_what_is_left_is_named_with_its_number_and_ends_with_3(run, left: Any, said: str):
    code, out = run(replace(DONE, **left))
    assert code == 3
    assert said in out
    assert "not whole" in out
    code, out = run(replace(DONE, **left), "--json")
    assert (code, json.loads(out)["unread"], json.loads(out)["places"][0]["found"]) == (
        3,
        left.get("unread", {}),
        2,
    )
