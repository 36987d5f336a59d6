"""The proof of a ledger: that every entry is as it was written, that none is missing, and none is foreign.

Three things speak for an entry, each without the others: the hash in the entry after it, the first version of
its object (an entry is written once, so a second version is no entry), and for the newest one the hash in the
heartbeat. Pure; what lies in the bucket is read by `release/adapters/ledger_store.py`.

It does not prove anything against somebody who may delete versions and rewrites everything, heartbeat too.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from release.domain.ledger import FORMAT, Heartbeat, Stored

UNKNOWN = frozenset({"union_tag_invalid", "literal_error", "enum", "extra_forbidden"})
"""What pydantic calls a word, or a key, that is none of those which this version has."""
UPDATE = "Use the version that wrote it: bring this checkout up to date (git pull), then run this again."
"""What to do about an entry of a later version."""


class OfLaterVersion(str):
    """What keeps an entry from being read and is no damage: a later version of Slipway wrote it."""


@dataclass(frozen=True)
class Written:
    """One object below the ledger's prefix, with all that ever lay there."""

    key: str
    number: int | None
    """The entry that its key names, None for a key that names none."""
    versions: tuple[bytes, ...]
    """What was written, first to last."""
    gone: bool = False
    """Whether it was deleted: what was written lies in old versions only."""

    @property
    def first(self) -> bytes | None:
        """What was written first, None where not even a version of it is left."""
        return self.versions[0] if self.versions else None


@dataclass(frozen=True)
class Shelf:
    """Everything that lies, or lay, where a stage's ledger is."""

    objects: Sequence[Written]
    heartbeat: Heartbeat | None = None


@dataclass(frozen=True)
class Proof:
    """How many entries were looked at, and where the ledger is not whole; nothing there means proven."""

    entries: int
    problems: tuple[str, ...]


@dataclass(frozen=True)
class _Link:
    """What an entry says of its place in the chain."""

    previous: str
    sha256: str


def seen_from_outside(shelf: Shelf) -> tuple[str, ...]:
    """What is wrong with a ledger as far as that shows without an entry being read.

    An object that was written once need not hold its bytes: those of the others are compared alone.
    """
    problems = [f"{found.key} is no entry of the ledger" for found in shelf.objects if _foreign(found)]
    entries = sorted((found.number, found) for found in shelf.objects if found.number is not None)
    for number, found in entries:
        problems += _touched(number, found)
    return (*problems, *_missing([number for number, _ in entries], shelf.heartbeat))


def prove(shelf: Shelf) -> Proof:
    """Whether the ledger is whole; each problem names its place."""
    problems = list(seen_from_outside(shelf))
    entries = {found.number: found for found in shelf.objects if found.number is not None}
    links: dict[int, _Link] = {}
    for number, found in sorted(entries.items()):
        link, problem = _read(number, found.first)
        if link:
            links[number] = link
        elif problem:
            problems.append(problem)
    problems += _breaks(links, shelf.heartbeat)
    return Proof(len(entries), tuple(problems))


def why_unreadable(data: bytes, error: ValidationError) -> str:
    """Why an object is no entry that can be read here."""
    later = _of_later_format(data)
    if later:
        return later
    errors = error.errors(include_url=False)
    strange = [found for found in errors if found["type"] in UNKNOWN and found["loc"] != ("format",)]
    if strange != errors:
        return errors[0]["msg"]
    first, more = strange[0], strange[0].get("ctx", {})
    place = ".".join([*map(str, first["loc"]), *(["event"] if "tag" in more else [])])
    said = more.get("tag", first["input"])
    return OfLaterVersion(f"its {place} is {said!r:.80}, which only a later version of Slipway can know")


def _of_later_format(data: bytes) -> "OfLaterVersion | None":
    try:
        found = json.loads(data)["format"]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(found, int) or found <= FORMAT:
        return None
    return OfLaterVersion(f"it is of format {found}, which a later version of Slipway wrote")


def _foreign(found: Written) -> bool:
    return found.number is None and not found.gone


def _touched(number: int, found: Written) -> list[str]:
    """What was done to an object after it was written first."""
    if found.gone:
        kept = "its versions are left" if found.versions else "no version of it is left"
        return [f"entry {number} was deleted; {kept}"]
    if found.versions[-1] != found.first:
        return [f"entry {number} was changed after it was written; what was written is its first version"]
    return []


def _read(number: int, data: bytes | None) -> tuple[_Link | None, str]:
    if data is None:
        return None, ""
    try:
        values = json.loads(data)
        written, previous = values["number"], values["previous"]
    except (ValueError, KeyError, TypeError):
        return None, f"entry {number} cannot be read"
    if why := _of_later_format(data):
        return None, f"entry {number} cannot be read: {why}"
    if written != number or not isinstance(previous, str):
        return None, f"the object of entry {number} holds entry {written}"
    return _Link(previous, hashlib.sha256(data).hexdigest()), ""


def _missing(numbers: Sequence[int], heartbeat: Heartbeat | None) -> list[str]:
    found = []
    for before, after in zip([0, *numbers], numbers, strict=False):
        if after > before + 1:
            found.append(_gap(before + 1, after - 1) + ": the beginning" * (before == 0))
    last, known = (numbers[-1] if numbers else 0), (heartbeat.number if heartbeat else 0)
    if known > last:
        found.append(f"{_gap(last + 1, known)}: the end, which the heartbeat knows")
    return found


def _gap(first: int, last: int) -> str:
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"


def _breaks(links: Mapping[int, _Link], heartbeat: Heartbeat | None) -> list[str]:
    """Where entries do not follow from each other; which of the two was changed where that can be told."""
    seals = {number - 1: link.previous for number, link in links.items()}
    if heartbeat and heartbeat.sha256:
        seals.setdefault(heartbeat.number, heartbeat.sha256)
    broken = [number for number, link in links.items() if seals.get(number, link.sha256) != link.sha256]
    sound = {number for number in links if number in seals and number not in broken}
    # An entry that does not fit what is sound after it was changed itself; else it may be either of the two.
    sure = [number for number in broken if number + 1 in sound or number + 1 not in links]
    found = [f"entry {number} was changed: its hash is another than was recorded" for number in sure]
    found += [
        f"entry {number + 1} does not follow from entry {number}: one of them was changed"
        for number in broken
        if number not in sure and number + 1 not in sure
    ]
    if 1 in links and links[1].previous:
        found.append("entry 1 follows from another: it is not the beginning")
    return found


def broken_link(entries: Sequence[Stored]) -> str | None:
    """Where the chain of hashes breaks in these consecutive entries, or None when it is whole."""
    for before, after in zip([None, *entries], entries, strict=False):
        number = before.entry.number + 1 if before else after.entry.number
        if after.entry.number != number:
            return f"entry {number} is missing"
        if before and after.entry.previous != before.sha256:
            return f"entry {number} does not follow from entry {number - 1}: one of them was changed"
    if entries and entries[0].entry.number == 1 and entries[0].entry.previous:
        return "entry 1 follows from another: the beginning is missing"
    return None
