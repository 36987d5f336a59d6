"""The ledger: the append-only history of a stage, and its lock. Pure; storage is `adapters/ledger_store.py`.

Every transition of a rollout is an entry, written before the transition is made. An entry holds the SHA-256
of the one before it, so a changed or missing entry shows. A rollout that was opened and not closed is the
stage's lock; its owner keeps a heartbeat beside the ledger.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from release.domain import names
from release.domain.errors import Held, ServiceError
from release.domain.pins import PIN_ROLES, Data, EndpointSettings

Kind = Literal["release", "promote", "rollback"]
Event = Literal[
    "refused",  # a gate said no; nothing was opened
    "opened",
    "resumed",  # another process goes on where a dead one stopped
    "pinning",
    "applying",
    "moving",  # a rollback's single call
    "checking",
    "reverting",
    "landed",
    "reverted",
]
CLOSING: frozenset[Event] = frozenset({"landed", "reverted"})
STALE_SECONDS = 60.0
"""A heartbeat older than this is a dead one's; it is written every STALE_SECONDS / 4."""


class Owner(Data):
    """The process that works on a rollout. `started` tells a reused process id from the same process."""

    host: str
    pid: int
    started: int
    user: str


class Entry(Data):
    """One line of the ledger. `at` is UTC in ISO 8601."""

    format: Literal[1] = 1
    number: int
    previous: str
    at: str
    kind: Kind
    event: Event
    endpoint: str
    release: str
    rollout: str
    owner: Owner
    data: dict[str, Any] = Field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Canonical JSON, the bytes that the next entry's `previous` is the hash of."""
        return names.canonical_json(self.model_dump(mode="json"))

    @property
    def hash(self) -> str:
        """SHA-256 of the entry's bytes."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


class Pins(Data):
    """The pins of one endpoint at one moment."""

    live: dict[str, Any] | None = None
    candidate: dict[str, Any] | None = None
    previous: dict[str, Any] | None = None
    older: dict[str, Any] | None = None

    def applied_to(self, settings: EndpointSettings) -> EndpointSettings:
        """`settings` with these pins in place of its own."""
        base = settings.model_dump(exclude=set(PIN_ROLES))
        return EndpointSettings.model_validate(base | self.model_dump(exclude_none=True))


def pins_of(settings: EndpointSettings) -> Pins:
    """The pins in `settings`."""
    kept = settings.model_dump(include=set(PIN_ROLES))
    return Pins.model_validate(kept)


@dataclass(frozen=True)
class OpenRollout:
    """A rollout that was opened and not closed yet."""

    id: str
    kind: Kind
    endpoint: str
    release: str
    before: Pins
    after: Pins
    owner: Owner
    reverting: str | None
    """Why it is being taken back, when it is."""
    last_event: Event


def open_rollout(entries: Sequence[Entry]) -> OpenRollout | None:
    """The rollout that the last entries leave open, or None."""
    tail: list[Entry] = []
    for entry in reversed(entries):
        if entry.event == "refused":
            continue
        if entry.event in CLOSING:
            return None
        tail.append(entry)
        if entry.event == "opened":
            break
    if not tail or tail[-1].event != "opened":
        return None
    opened, latest = tail[-1], tail[0]
    reason = next((e.data.get("reason", "unknown") for e in tail if e.event == "reverting"), None)
    return OpenRollout(
        id=opened.rollout,
        kind=opened.kind,
        endpoint=opened.endpoint,
        release=opened.release,
        before=Pins.model_validate(opened.data["before"]),
        after=Pins.model_validate(opened.data["after"]),
        owner=latest.owner,
        reverting=reason,
        last_event=latest.event,
    )


@dataclass(frozen=True)
class Request:
    """What a command wants to do with the stage."""

    kind: Kind
    endpoint: str
    release: str


Decision = Literal["start", "resume", "take-back"]


def decide(found: OpenRollout | None, alive: bool, request: Request) -> Decision:
    """How a command meets what the ledger says.

    Nothing open: start. A dead one's same rollout: resume it. A rollback that meets a dead rollout of its
    endpoint takes that back. Raises ServiceError while the owner is alive (one rollout at a time), and Held
    when another dead rollout is open: going on would decide for its owner.
    """
    if found is None:
        return "start"
    who = f"{found.owner.user} on {found.owner.host}, process {found.owner.pid}"
    what = f"{found.kind} of {found.release} ({found.endpoint})"
    if alive:
        raise ServiceError(
            f"A {what} is under way here, by {who}.",
            "One rollout at a time: nothing was changed.",
            "Wait until it is done, or stop it there (Ctrl-C), then run this again.",
        )
    same = (found.kind, found.endpoint, found.release) == (request.kind, request.endpoint, request.release)
    if same:
        return "resume"
    if request.kind == "rollback" and request.endpoint == found.endpoint:
        return "take-back"
    raise Held(
        f"A {what} by {who} stopped half-way, at {found.last_event!r}.",
        "It holds the stage, so nothing was changed.",
        "Run that same command again to finish it, or `./slipway rollback STAGE` to take it back.",
    )


def broken_link(entries: Sequence[Entry]) -> str | None:
    """Where the chain of hashes breaks, or None when the history is whole."""
    previous = ""
    for number, entry in enumerate(entries, start=1):
        if entry.number != number:
            return f"entry {number} is missing"
        if entry.previous != previous:
            return f"entry {number} does not follow from entry {number - 1}: one of them was changed"
        previous = entry.hash
    return None
