"""What monitoring needs of the world, as protocols: who implements them is `monitoring/storage/`.

Methods may raise a SlipwayError, or a library's error that commands translate. Fakes are in `tests/fakes/`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from monitoring.records.hours import HourRecord
from monitoring.records.periods import Served


class CapturedHours(Protocol):
    """The captured records of one endpoint, hour by hour: what is there, what was read, and reading it."""

    def first(self, places: Collection[str]) -> datetime | None:
        """The earliest hour with a capture file in one of these places (`s3://bucket/prefix`)."""

    def watermark(self) -> datetime | None:
        """The first hour that is not read, before which all are; None where none ever was."""

    def move_watermark(self, until: datetime) -> None:
        """All hours before `until` are read. It never goes back."""

    def done(self, start: datetime, until: datetime) -> Sequence[datetime]:
        """The hours from `start` to before `until` that were read."""

    def record(self, hour: datetime) -> HourRecord | None:
        """What was read of an hour, None where it was not."""

    def records(self, wanted: Sequence[datetime]) -> Iterator[HourRecord]:
        """The records of these hours, of those that were read."""

    def read(self, hour: datetime, served: Served, again: bool = False) -> HourRecord | None:
        """Read an hour and keep what it says; None where another process has done so meanwhile.

        An hour that was read is read only `again`.
        """

    def late(self, wanted: Sequence[datetime], served: Served) -> Mapping[datetime, Sequence[str]]:
        """Capture files that came, or changed, after their hour was read: by hour, where any did."""
