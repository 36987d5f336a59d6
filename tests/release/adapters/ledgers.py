"""Ledgers in a bucket in memory, and what processes write into them."""

from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from release.adapters.ledger_store import LedgerStore
from release.domain import ledger
from release.domain.ledger import Closed, End, Entered, Heartbeat, Opened, Phase, Refused, Stored, Subject
from release.domain.names import HEARTBEAT
from tests.release.examples import AT, NEW, OLD, OWNER, pins

SUBJECT = Subject(kind="promote", endpoint="delays", release=NEW, rollout="r1")
ANOTHER = SUBJECT.model_copy(update={"rollout": "r2", "release": OLD})
OPENED = Opened(before=pins(OLD), after=pins(NEW, OLD))
REFUSED = Refused(reasons=("auc: too low",))
CREATING, MOVING = Entered(event=Phase.CREATING), Entered(event=Phase.MOVING)


def process(s3, owner=OWNER) -> LedgerStore:
    """The ledger as a new process has it."""
    store = LedgerStore(cast(Any, SimpleNamespace(client=lambda service: s3)), "bucket")
    store.owner = owner
    return store


def landed(s3) -> LedgerStore:
    """A ledger of four entries, of a rollout that landed; as the process that wrote it has it."""
    store = process(s3)
    with store.heartbeat("r1"):
        for what in (OPENED, CREATING, MOVING, Closed(event=End.LANDED)):
            store.append(SUBJECT, what)
    return store


def key(number):
    return f"ledger/{number:08d}.json"


@cache
def past(count) -> tuple[bytes, ...]:
    """A ledger of `count` entries: rollouts of three entries, one after the other."""
    written: list[Stored] = []
    for number in range(count):
        what = (OPENED, MOVING, Closed(event=End.LANDED))[number % 3]
        entry = ledger.following(written[-1] if written else None, AT, SUBJECT, OWNER, what)
        written.append(Stored.from_bytes(entry.to_bytes()))
    return tuple(stored.entry.to_bytes() for stored in written)


def filled(s3, count, heartbeat: int | None = None):
    """A bucket with that past."""
    s3.objects |= {key(number): data for number, data in enumerate(past(count), start=1)}
    if heartbeat is not None:
        s3.objects[HEARTBEAT] = beat(heartbeat)
    s3.calls.clear()


def beat(number, rollout="r1", age=0):
    at = datetime.now(UTC) - timedelta(seconds=age)
    return Heartbeat(rollout=rollout, at=at, number=number).model_dump_json().encode()
