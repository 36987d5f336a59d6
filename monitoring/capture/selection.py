"""Which captured records are to be forgotten, and what was deleted of them: values. Pure."""

import hashlib
import hmac
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol

from release.domain.pins import Data

CAPTURES = "captured records"
"""The place that everything else was made of."""
PROOFS = "forgotten/"
"""Where a stage's bucket keeps what was deleted, one object a deletion."""
DIGITS = 32


class Selected(Protocol):
    """What tells records, and rows that were made of them, from the others."""

    column: str
    """The column of a table of rows that tells it, empty where none does: of a day, where a table lies."""

    def __call__(self, line: bytes) -> bool | None:
        """Whether a line of a capture file is selected; None where nobody can tell."""

    def same(self, value: Any) -> bool:
        """Whether a value of the column is."""


@dataclass(frozen=True)
class Selector:
    """The records of one request, of one subject (`column=value` of a row), or of one day (UTC)."""

    what: Literal["inference-id", "subject", "day"]
    value: str
    column: str = ""

    @property
    def day(self) -> date | None:
        """The day, of the records of one."""
        return date.fromisoformat(self.value) if self.what == "day" else None

    def asked(self, secret: bytes) -> str:
        """What the ledger may say of it: a day itself, all else as a hash that takes the key."""
        if self.what == "day":
            return self.value
        named = f"{self.what}\0{self.column}\0{self.value}".encode()
        return hmac.new(secret, named, hashlib.sha256).hexdigest()[:DIGITS]


def kinds(column: str, schemas: Sequence[Mapping[str, Any]]) -> set[str]:
    """What the releases' input schemas say that a column holds; both kinds of one that says neither."""
    found: set[str] = set()
    for schema in schemas:
        for feature in schema.get("features") or ():
            if feature.get("name") == column:
                kind = feature.get("kind")
                found |= {kind} if kind in ("number", "category") else {"number", "category"}
    return found


def single(number: float) -> float | None:
    """A number as the model reads it, of 32 bits; None for one that has no finite such value."""
    try:
        found: float = struct.unpack("<f", struct.pack("<f", float(number)))[0]
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def written_number(text: str) -> float | None:
    """The number that a text or a cell of CSV is, of 32 bits; None for one that is none, or not finite."""
    try:
        return None if "_" in text else single(float(text))
    except ValueError:
        return None


class Count(Data):
    """What was found in one of the places that are searched."""

    place: str
    searched: int = 0
    """Objects."""
    found: int = 0
    """Records, rows, labels or lines that are selected."""
    unread: int = 0
    """Those of which nobody can tell."""


class Change(Data):
    """One object with such records. Hashes are SHA-256 of the newest content; none of what is not."""

    uri: str
    place: str = ""
    """Which of the places it lies in."""
    before: str = ""
    after: str = ""
    """Of what is left; empty where nothing is."""
    records: int
    versions: int
    """That go."""


class Proof(Data):
    """What is deleted, decided before any of it is, and kept."""

    format: Literal[1] = 1
    id: str
    endpoint: str
    what: str
    asked: str
    changes: tuple[Change, ...] = ()
    derived: tuple[Change, ...] = ()
    """Tables and counts that were made of these hours' records; they are made anew from what is left."""
    hours: tuple[str, ...] = ()
    """`yyyy-mm-ddThh` of what is made anew."""
    places: tuple[Count, ...] = ()
    """All that were searched, and what was found in each."""
    unread: Mapping[str, int] = {}
    """By URI what cannot be read: it is still there, and nobody can tell whether it is of whom this is."""
    owned: Mapping[str, int] = {}
    """By URI the lines of truth about these requests: they are their owner's, and still there."""
    done: bool = False

    @property
    def captured(self) -> tuple[Change, ...]:
        """Capture files; proofs of earlier times hold no others."""
        return tuple(change for change in self.changes if change.place in ("", CAPTURES))

    @property
    def records(self) -> int:
        """All captured records."""
        return sum(change.records for change in self.captured)

    @property
    def versions(self) -> int:
        """All versions of objects that go."""
        return sum(change.versions for change in (*self.changes, *self.derived))

    def also(self, other: "Proof") -> "Proof":
        """With what `other` found besides: of a file that both name, this one knows how it was before."""
        return self.model_copy(
            update={
                "changes": _joined(self.changes, other.changes),
                "derived": _joined(self.derived, other.derived),
                "hours": tuple(sorted({*self.hours, *other.hours})),
                "places": _most(self.places, other.places),
                "unread": other.unread,
                "owned": {**self.owned, **other.owned},
            }
        )


def _most(known: tuple[Count, ...], found: tuple[Count, ...]) -> tuple[Count, ...]:
    """By place what the search found that found most there: an earlier one, before anything was deleted."""
    of: dict[str, Count] = {}
    for count in (*known, *found):
        before = of.get(count.place)
        of[count.place] = count if before is None or count.found > before.found else before
    return tuple(of.values())


def _joined(known: tuple[Change, ...], found: tuple[Change, ...]) -> tuple[Change, ...]:
    uris = {change.uri for change in known}
    return (*known, *(change for change in found if change.uri not in uris))
