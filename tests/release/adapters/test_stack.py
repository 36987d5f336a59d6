"""The stack of a stage as the real engine makes it: the stage's file says afterwards what it said before."""

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from release.adapters.stack import PulumiStack
from release.domain.errors import ServiceError
from tests.release.adapters.stacks import project, stack_in

FILE = """\
# the last stage
config:
  slipway:account: "123456789012"
  slipway:protect: true # nothing is deletable
  other:flag: "true"
"""


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PulumiStack:
    """The stack `prod` of a project of its own, in a folder as backend."""
    project(tmp_path, monkeypatch, FILE)
    return stack_in(tmp_path)


@pytest.mark.sandbox
def test_a_boolean_is_one_after_the_engine_has_made_the_stack(stack: PulumiStack, tmp_path: Path) -> None:
    made = stack._select()
    assert made.name == "prod"
    before, _, salt = (tmp_path / "Pulumi.prod.yaml").read_text().partition("encryptionsalt: ")
    assert salt, "the engine has not changed the file, so nothing was shown"
    assert before == FILE


def lock(folder: Path, host: str, pid: int, at: str) -> Path:
    """A lock of the stack as the engine writes one (the fields of its file backend's lock content)."""
    locks = folder / ".pulumi" / "locks" / "organization" / "slipway" / "prod"
    locks.mkdir(parents=True, exist_ok=True)
    file = locks / "5f3c2b1a-0000-4000-8000-000000000000.json"
    file.write_text(json.dumps({"pid": pid, "username": "ci", "hostname": host, "timestamp": at}))
    return file


DIED = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)


@pytest.mark.sandbox
@pytest.mark.parametrize("host", ["ci-7", socket.gethostname()])
def test_the_lock_of_a_run_that_the_ledger_knows_dead_is_broken(
    stack: PulumiStack, tmp_path: Path, host: str
) -> None:
    """A cancelled job's lock, made in its life; on a host of the same name its id may be another's now."""
    said: list[str] = []
    stack.say = said.append
    stack.left = lambda where, at: where == host and at <= DIED
    made = stack._select()
    file = lock(tmp_path, host, os.getpid(), "2026-11-29T09:59:59Z")
    assert stack._unlocked(made.refresh, lambda _: made.cancel()).summary.result == "succeeded"
    assert not file.exists()
    assert len([text for text in said if "which is gone: breaking its lock" in text]) == 1


@pytest.mark.sandbox
@pytest.mark.parametrize(("host", "at"), [("ci-7", "2026-11-29T10:00:01Z"), ("ci-8", "2026-11-29T09:59:59Z")])
def test_another_hosts_lock_stays_without_such_knowledge(
    stack: PulumiStack, tmp_path: Path, host: str, at: str
) -> None:
    stack.left = lambda where, at: where == "ci-7" and at <= DIED
    made = stack._select()
    file = lock(tmp_path, host, 12, at)
    with pytest.raises(ServiceError, match=f"locked by ci on {host}, process 12"):
        stack._unlocked(made.refresh, lambda _: made.cancel())
    assert file.exists()
