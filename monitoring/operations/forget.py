"""Forgetting: the captured records of one request, subject or day are deleted, with proof in the ledger.

What goes is decided and on record before anything is deleted. So the same order, given again after a process
died in the middle, finishes it, and the proof holds all of it.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitoring.capture import asked as captured
from monitoring.capture.places import Found, Scope
from monitoring.capture.selection import (
    CAPTURES,
    Count,
    Proof,
    Selected,
    Selector,
    kinds,
    written_number,
)
from monitoring.ports import Erasure, Holding
from release.domain import fence, names
from release.domain.capture_gate import sensitive
from release.domain.errors import ServiceError, UsageError
from release.domain.events import Event, Tell
from release.domain.forgotten import Forgetting, Forgotten
from release.domain.ledger import Entry, Opened, Subject
from release.domain.pins import ReleasePin
from release.ports import StagePorts

Select = Callable[[Selector, Sequence[dict[str, Any]], bytes], Selected]
"""What tells records apart, by the input schemas of all releases that may have answered, and the hash key."""


@dataclass(frozen=True)
class Order:
    """What is to be forgotten, and why; `dry_run` only looks."""

    selector: Selector
    reason: str
    dry_run: bool = False


@dataclass(frozen=True)
class Done:
    """What was deleted, or would be."""

    stage: str
    endpoint: str
    id: str
    records: int
    files: int
    versions: int
    hours: tuple[str, ...]
    """Hours whose tables and counts are to be made anew."""
    places: tuple[Count, ...]
    """All that were searched, and what was found in each."""
    unread: dict[str, int]
    """By URI what nobody can read; it is still there."""
    owned: dict[str, int]
    """By URI the lines of truth about it; they are their owner's, and still there."""
    proof: str = ""
    """SHA-256 of what is kept of it."""

    @property
    def whole(self) -> bool:
        """Whether nothing is left of it that anybody knows of, nor anything that cannot be told."""
        return not self.unread and not self.owned


def forget(
    ports: StagePorts, erasure: Erasure, select: Select, endpoint: str | None, order: Order, tell: Tell
) -> Done:
    """Delete what the order says. Raises UsageError where nothing of it could be found by its nature."""
    reason = "" if order.dry_run else fence.why(order.reason, "A deletion")
    name = ports.settings.only_endpoint(endpoint)
    live = ports.settings.endpoints[name].pins.live
    entries = _entries(ports)
    secret = erasure.secret(make=not order.dry_run)
    selected = select(order.selector, _schemas(ports, name, entries, live, order.selector), secret)
    scope = Scope(
        endpoint=name,
        in_sagemaker=names.endpoint(name, ports.name),
        selected=selected,
        captures=captured.places(captured.asked(reversed(entries), name, live)),
        experiments=tuple(_experiments(entries, name)),
        truth=ports.settings.endpoints[name].monitoring.quality.truth or "",
        day=f"{order.selector.day:%Y/%m/%d}" if order.selector.day else "",
    )
    place = _Place(erasure, scope, order.selector)
    asked = order.selector.asked(secret)
    if order.dry_run:
        return _done(ports, place.proof("", asked, place.find()))
    live_release = live.release if live else ""
    subject = Subject(kind="forget", endpoint=name, release=live_release, rollout="")
    with erasure.alone(name, asked) as alone:
        return _forgotten(ports, place, alone, subject, asked, reason, tell)


def _forgotten(
    ports: StagePorts, place: "_Place", alone: Holding, subject: Subject, asked: str, reason: str, tell: Tell
) -> Done:
    """Delete it, while nobody else works with the endpoint's records."""
    erasure = place.erasure
    begun = _begun(ports, place.scope.endpoint, asked)
    found = place.find()
    proof = place.proof(begun.id if begun else uuid.uuid4().hex[:12], asked, found)
    tell(Event(f"{found.records:,} records in {found.of(CAPTURES).searched:,} files"))
    if begun is not None and (known := erasure.proof(begun.id)) is not None:
        tell(Event(f"going on with the deletion {begun.id} that stopped half-way"))
        proof = known.also(proof)
    erasure.keep(proof)
    if begun is None:
        ports.ledger.append(subject, _beginning(ports, proof, place.selector, reason))
    left = place.erase(proof, found, alone)
    if left:
        raise ServiceError(
            f"{left:,} records, or files made of them, came while others of them were deleted.",
            "They are still there; the deletion stays open in the ledger.",
            "Run the same command again.",
        )
    if proof.hours:
        erasure.mark_again(place.scope.endpoint, [datetime.fromisoformat(hour) for hour in proof.hours])
    alone.still(certainly=True)
    proof = proof.model_copy(update={"done": True})
    digest = erasure.keep(proof)
    ports.ledger.append(
        subject,
        Forgotten(
            id=proof.id,
            records=proof.records,
            files=len(proof.captured),
            versions=proof.versions,
            unread=sum(proof.unread.values()),
            owned=sum(proof.owned.values()),
            proof=digest,
        ),
    )
    return _done(ports, proof, digest)


def _beginning(ports: StagePorts, proof: Proof, selector: Selector, reason: str) -> Forgetting:
    caller = ports.caller()
    return Forgetting(
        id=proof.id,
        by=caller.arn,
        actor=caller.actor,
        what=selector.what,
        asked=proof.asked,
        reason=reason,
    )


@dataclass(frozen=True)
class _Place:
    """Where a deletion searches, and for whom."""

    erasure: Erasure
    scope: Scope
    selector: Selector

    def find(self) -> Found:
        """What there is now."""
        return self.erasure.find(self.scope, frozenset())

    def proof(self, name: str, asked: str, found: Found) -> Proof:
        """What goes, of what was found."""
        return Proof(
            id=name,
            endpoint=self.scope.endpoint,
            what=self.selector.what,
            asked=asked,
            changes=tuple(found.changes),
            derived=tuple(found.derived),
            hours=() if self.scope.day else tuple(map(_hour, sorted(found.hours))),
            places=tuple(found.counts.values()),
            unread=found.unread,
            owned=found.owned,
        )

    def erase(self, proof: Proof, found: Found, alone: Holding) -> int:
        """Delete it; returns how much of it is there all the same.

        Captured records, which tell what else goes, and tables of their rows go last: who begins anew finds
        by them what is left.
        """
        linked = [change for change in proof.changes if change not in proof.captured]
        for change in (*linked, *proof.captured):
            alone.still()
            self.erasure.erase(change, self.scope, found.names)
        for change in proof.derived:
            alone.still()
            self.erasure.delete(change)
        rest = self.erasure.find(self.scope, found.names)
        return sum(change.records for change in rest.changes) + len(rest.derived)


def _entries(ports: StagePorts) -> list[Entry]:
    """The ledger's, the newest first."""
    return [stored.entry for stored in ports.ledger.newest_first()] if ports.ledger.exists() else []


def _hour(folder: str) -> str:
    year, month, day, hour = folder.split("/")
    return f"{year}-{month}-{day}T{hour}"


def _experiments(entries: Sequence[Entry], endpoint: str) -> Iterator[str]:
    """The ids of all experiments of an endpoint: those of the rollouts that opened them."""
    for entry in entries:
        if isinstance(entry.what, Opened) and entry.what.experiment and entry.subject.endpoint == endpoint:
            yield entry.subject.rollout


def _begun(ports: StagePorts, endpoint: str, asked: str) -> Forgetting | None:
    """The same order that began and did not end."""
    ended: set[str] = set()
    for entry in _entries(ports):
        if isinstance(entry.what, Forgotten):
            ended.add(entry.what.id)
        if not isinstance(entry.what, Forgetting) or entry.subject.endpoint != endpoint:
            continue
        if entry.what.asked == asked and entry.what.id not in ended:
            return entry.what
    return None


def _schemas(
    ports: StagePorts, endpoint: str, entries: Sequence[Entry], live: ReleasePin | None, selector: Selector
) -> list[dict[str, Any]]:
    """The input schemas of all releases that may have answered. Raises UsageError for a column of none."""
    if selector.what != "subject":
        return []
    pins = [live] if live else []
    for entry in entries:
        if isinstance(entry.what, Opened) and entry.subject.endpoint == endpoint:
            pins += [pin for pin in (entry.what.before.live, entry.what.after.live) if pin]
    found = []
    for release in sorted({pin.release for pin in pins}):
        try:
            found.append(ports.artifacts.manifest(release).input_schema)
        except UsageError:
            continue  # its manifest is gone: what only it could read is told as unread
    how = [
        sensitive(schema).get(selector.column, "kept") for schema in found if _has(schema, selector.column)
    ]
    if not how or set(how) == {"drop"}:
        why = "is dropped before a request is kept" if how else f"is no feature of {endpoint}"
        raise UsageError(
            f"{selector.column} {why}: no record can be found by it.",
            "Nothing was deleted.",
            "Name another feature, the request (--inference-id ID), or the day (--day YYYY-MM-DD).",
        )
    _refuse_odd(selector, found)
    return found


def _refuse_odd(selector: Selector, schemas: Sequence[dict[str, Any]]) -> None:
    """Refuse what no record can hold in a column of numbers."""
    if kinds(selector.column, schemas) == {"number"} and written_number(selector.value) is None:
        raise UsageError(
            f"{selector.column} is a number, and {selector.value[:40]!a} is none that a model reads "
            "(finite, 32 bits).",
            "Nothing was searched or deleted.",
            f"Name the number as it was sent (--subject {selector.column}=1.5), the request "
            "(--inference-id ID), or the day (--day YYYY-MM-DD).",
        )


def _has(schema: dict[str, Any], column: str) -> bool:
    return any(feature.get("name") == column for feature in schema.get("features") or ())


def _done(ports: StagePorts, proof: Proof, digest: str = "") -> Done:
    return Done(
        stage=ports.name,
        endpoint=proof.endpoint,
        id=proof.id,
        records=proof.records,
        files=len(proof.captured),
        versions=proof.versions,
        hours=proof.hours,
        places=proof.places,
        unread=dict(proof.unread),
        owned=dict(proof.owned),
        proof=digest,
    )
