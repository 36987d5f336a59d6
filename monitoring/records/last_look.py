"""What the last look at a release came to, and the very hours that it rests on: a value that is kept. Pure.

It holds where they were read anew since, or more of them, or fewer: a look that died half-way, records that
were forgotten, files that came late.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from monitoring.counts import HourCounts
from monitoring.finding import Finding
from monitoring.hours import HOUR, folder

SILENCE = timedelta(hours=24)
"""So long without a row says that nothing is captured, and nothing of the model."""


@dataclass(frozen=True)
class LastLook:
    """Of one release as the live one of an endpoint."""

    until: datetime
    """All hours before are decided."""
    digest: str
    """Of the hours that it rests on, by `digest_of`."""
    state: str | None
    """Drift's, as JSON; None where there is no reference to decide by."""
    captured: tuple[Finding, ...]
    """What the records of the hours that were decided last say of the capture itself."""
    newest: datetime | None
    """The newest of these hours in which the release was live; None where there is none."""
    empty_since: datetime | None
    """From when on it was live without a row, hour after hour, up to that one; None where that has one."""
    had_rows: bool
    """Whether any hour had a row."""
    format: Literal[2] = 2

    @property
    def silent(self) -> bool:
        """Whether there was no row in the last hours, as many as say something."""
        return self.empty_since is not None and self.until - self.empty_since >= SILENCE

    def to_bytes(self) -> bytes:
        """As it is kept."""
        return _ADAPTER.dump_json(self)

    @staticmethod
    def from_bytes(data: bytes) -> "LastLook | None":
        """As it was kept; None where that is damaged, or of another format: the hours say all of it anew."""
        try:
            return _ADAPTER.validate_json(data)
        except ValidationError:
            return None


_ADAPTER = TypeAdapter(LastLook)


def digest_of(versions: Mapping[datetime, str], since: datetime, until: datetime) -> str:
    """Of the hours from `since` to before `until` that were read, each with the version of its record."""
    told = [[folder(hour), version] for hour, version in sorted(versions.items()) if since <= hour < until]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def emptiness(
    before: LastLook | None, counts: Sequence[HourCounts]
) -> tuple[datetime | None, datetime | None, bool]:
    """Newest hour, since when without a row, and whether any had one, of what a look knew and these hours.

    `counts` are of one release, in the order of their hours; after hours without it the count begins anew.
    """
    newest, since, had_rows = (before.newest, before.empty_since, before.had_rows) if before else _NOTHING
    for counted in counts:
        if counted.rows:
            since, had_rows = None, True
        elif since is None or newest is None or counted.hour > newest + HOUR:
            since = counted.hour
        newest = counted.hour
    return newest, since, had_rows


_NOTHING: tuple[datetime | None, datetime | None, bool] = (None, None, False)
