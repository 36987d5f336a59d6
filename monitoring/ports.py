"""What monitoring needs of the world, as protocols: who implements them is `monitoring/storage/`.

Methods may raise a SlipwayError, or a library's error that commands translate. Fakes are in `tests/fakes/`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from monitoring.alerts.events import FindingEvent
from monitoring.alerts.kept import Answer, Kept, Look, Noted
from monitoring.capture.places import Found, Scope
from monitoring.capture.selection import Change, Proof
from monitoring.finding import Finding
from monitoring.records.hours import HourRecord, Mark
from monitoring.records.periods import Served
from release.domain.pins import ReleasePin

if TYPE_CHECKING:
    from monitoring.drift.reference import Reference  # loads numpy, which no command's help needs


class Findings(Protocol):
    """The findings of a stage, one record each: open until someone or a release closes them."""

    def note(self, findings: Sequence[Finding], look: Look | None = None) -> Noted:
        """Keep what was noticed; the same thing again is counted, and opens nothing.

        `look` says what was looked at with enough data: what it would have shown and did not is closed after
        `over_hours` of it. Without one nothing is closed. Events are sent by `operations.telling`.
        """

    def open(self) -> Sequence[Kept]:
        """Those that are open, the oldest first."""

    def all(self) -> Sequence[Kept]:
        """All that are kept, the oldest first."""

    def of(self, name: str) -> Kept:
        """The one with this id. Raises UsageError where there is none."""

    def close(self, name: str, reason: str) -> Kept:
        """A person closes the one with this id. Raises UsageError where it is closed, or without a reason."""

    def heard(self, name: str, number: int, whom: str, whole: Collection[str]) -> None:
        """`whom` has heard a notice of a finding; when the `whole` list has, it is kept no longer."""

    def answered(self, name: str, answer: Answer) -> None:
        """A retrain that a finding asked for has its end."""

    def closed_by_release(self, live: Mapping[str, str]) -> Sequence[Kept]:
        """Close those about releases that are no longer live; `live` has the release by endpoint."""


class Hearer(Protocol):
    """Whoever hears of findings outside the stage: an event bus, a file."""

    def hear(self, event: FindingEvent) -> None:
        """Hand an event on; returns when it is theirs. Raises SlipwayError, or a library's error."""


class CapturedHours(Protocol):
    """The captured records of one endpoint, hour by hour: what is there, what was read, and reading it."""

    def first(self, pins: Sequence[ReleasePin]) -> datetime | None:
        """The earliest hour with a capture file where these releases capture."""

    def watermark(self) -> datetime | None:
        """The first hour that is not read, before which all are; None where none ever was."""

    def move_watermark(self, until: datetime) -> None:
        """All hours before `until` are read. It never goes back."""

    def done(self, start: datetime, until: datetime) -> Sequence[datetime]:
        """The hours from `start` to before `until` that were read."""

    def versions(self, start: datetime, until: datetime) -> Mapping[datetime, str]:
        """The same, each with the version of its record: another one when it was read again."""

    def record(self, hour: datetime) -> HourRecord | None:
        """What was read of an hour, None where it was not."""

    def records(self, wanted: Sequence[datetime]) -> Iterator[HourRecord]:
        """The records of these hours, of those that were read."""

    def read(self, hour: datetime, served: Served, again: bool = False) -> HourRecord | None:
        """Read an hour and keep what it says; None where another process has done so meanwhile.

        An hour that was read is read only `again`.
        """

    def reference(self, release: str) -> "Reference | None":
        """What a release's drift is decided against; None where its artifact has none."""

    def last_look(self, release: str) -> tuple[bytes, str] | None:
        """What the last look kept of a release, and its version."""

    def keep_look(self, release: str, look: bytes, before: str | None) -> bool:
        """Keep it where the version `before` (None: nothing) is still there; whether it is kept."""

    def mark_again(self, wanted: Iterable[datetime]) -> Mark:
        """Have these hours read again, by the next look if this one ends before."""

    def marked(self) -> Sequence[Mark]:
        """All marks of hours that are to be read again."""

    def clear(self, mark: Mark) -> None:
        """Its hours were read."""

    def late(self, wanted: Sequence[datetime], served: Served) -> Mapping[datetime, Sequence[str]]:
        """Capture files that came, or changed, after their hour was read: by hour, where any did."""


class CaptureCounts(Protocol):
    """What SageMaker counted of an endpoint, by its name there, and what was captured; by hours, UTC."""

    def answered(self, endpoint: str, start: datetime, end: datetime) -> Mapping[tuple[str, datetime], int]:
        """Answers with 2xx by variant and hour, those that there are."""

    def kept(
        self, places: Sequence[str], endpoint: str, start: datetime, end: datetime
    ) -> Mapping[tuple[str, datetime], int]:
        """Records below these places, by the folder of the variant (or release) and hour, each once."""


class Holding(Protocol):
    """That nobody else reads or writes captured records, as one process holds it."""

    def still(self, certainly: bool = False) -> None:
        """Say that the holder lives, before every write. Raises ServiceError where it counts as dead."""


class Erasure(Protocol):
    """Captured records in S3, to be found and deleted from every version of every file."""

    def alone(self, endpoint: str, order: str) -> AbstractContextManager[Holding]:
        """While nobody reads an endpoint's records or writes what they say, by its name in the stage.

        Raises ServiceError where somebody is at work, or another order; the same one takes over.
        """

    def secret(self, make: bool) -> bytes:
        """The key of hashes of sensitive values; `make` says whether one is made where there is none.

        Where there is none and none is made, nothing can have been hashed: one is drawn and not kept.
        """

    def find(self, scope: Scope, known: Set[str]) -> Found:
        """All that is selected, and what was made of it; `known` are inference ids of an earlier search."""

    def erase(self, change: Change, scope: Scope, known: Set[str]) -> None:
        """Have an object without what is selected, and no other version of it; again comes to the same."""

    def delete(self, change: Change) -> None:
        """Have no version of an object."""

    def mark_again(self, endpoint: str, hours: Sequence[datetime]) -> None:
        """Have the next look of `monitor` read these hours again, by the endpoint's name in the stage."""

    def proof(self, name: str) -> Proof | None:
        """What was decided to be deleted under this id."""

    def keep(self, proof: Proof) -> str:
        """Keep it; returns its SHA-256."""
