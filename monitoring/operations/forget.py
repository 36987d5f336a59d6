"""Forgetting: the captured records of one request, subject or day are deleted, with proof in the ledger.

What goes is decided and on record before anything is deleted. So the same order, given again after a process
died in the middle, finishes it, and the proof holds all of it.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.capture import asked as captured
from monitoring.capture.selection import Proof, Selected, Selector, kinds, written_number
from monitoring.ports import Erasure, Holding, Searched
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
    searched: int
    unread: int
    """Records of which nobody can tell; they are still there."""
    proof: str = ""
    """SHA-256 of what is kept of it."""


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
    place = _Place(
        erasure,
        name,
        names.endpoint(name, ports.name),
        selected,
        captured.places(captured.asked(reversed(entries), name, live)),
        order.selector,
    )
    asked = order.selector.asked(secret)
    if order.dry_run:
        found = place.find()
        return _done(ports, place.proof("", asked, found), found)
    live_release = live.release if live else ""
    subject = Subject(kind="forget", endpoint=name, release=live_release, rollout="")
    with erasure.alone(name, asked) as alone:
        return _forgotten(ports, place, alone, subject, asked, reason, tell)


def _forgotten(
    ports: StagePorts, place: "_Place", alone: Holding, subject: Subject, asked: str, reason: str, tell: Tell
) -> Done:
    """Delete it, while nobody else works with the endpoint's records."""
    erasure = place.erasure
    begun = _begun(ports, place.endpoint, asked)
    found = place.find()
    proof = place.proof(begun.id if begun else uuid.uuid4().hex[:12], asked, found)
    tell(Event(f"{proof.records:,} records in {len(proof.changes):,} of {found.searched:,} files"))
    if begun is not None and (known := erasure.proof(begun.id)) is not None:
        tell(Event(f"going on with the deletion {begun.id} that stopped half-way"))
        proof = known.also(proof)
    erasure.keep(proof)
    if begun is None:
        ports.ledger.append(subject, _beginning(ports, proof, place.selector, reason))
    left = place.erase(proof, alone)
    if left:
        raise ServiceError(
            f"{left:,} records came while others of them were deleted.",
            "They are still there; the deletion stays open in the ledger.",
            "Run the same command again.",
        )
    alone.still(certainly=True)
    proof = proof.model_copy(update={"done": True})
    digest = erasure.keep(proof)
    ports.ledger.append(
        subject,
        Forgotten(
            id=proof.id,
            records=proof.records,
            files=len(proof.changes),
            versions=proof.versions,
            proof=digest,
        ),
    )
    return _done(ports, proof, found, digest)


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
    """Where an endpoint's records lie, and what of them is selected."""

    erasure: Erasure
    endpoint: str
    in_sagemaker: str
    selected: Selected
    places: Sequence[str]
    selector: Selector

    @property
    def day(self) -> str:
        """`yyyy/mm/dd` where a day is selected."""
        return f"{self.selector.day:%Y/%m/%d}" if self.selector.day else ""

    def find(self) -> Searched:
        """What there is now."""
        return self.erasure.find(self.places, self.in_sagemaker, self.selected, self.day)

    def proof(self, name: str, asked: str, found: Searched) -> Proof:
        """What goes, of what was found."""
        derived = self.erasure.derived(self.endpoint, [self.day] if self.day else sorted(found.hours))
        return Proof(
            id=name,
            endpoint=self.endpoint,
            what=self.selector.what,
            asked=asked,
            changes=tuple(found.changes),
            derived=tuple(derived),
            hours=() if self.day else tuple(map(_hour, sorted(found.hours))),
        )

    def erase(self, proof: Proof, alone: Holding) -> int:
        """Delete it; returns how many such records are there all the same."""
        for change in proof.changes:
            alone.still()
            self.erasure.erase(change, self.selected)
        for change in proof.derived:
            alone.still()
            self.erasure.delete(change)
        return sum(change.records for change in self.find().changes)


def _entries(ports: StagePorts) -> list[Entry]:
    """The ledger's, the newest first."""
    return [stored.entry for stored in ports.ledger.newest_first()] if ports.ledger.exists() else []


def _hour(folder: str) -> str:
    year, month, day, hour = folder.split("/")
    return f"{year}-{month}-{day}T{hour}"


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


def _done(ports: StagePorts, proof: Proof, found: Searched, digest: str = "") -> Done:
    return Done(
        ports.name,
        proof.endpoint,
        proof.id,
        proof.records,
        len(proof.changes),
        proof.versions,
        proof.hours,
        found.searched,
        found.unread,
        digest,
    )
