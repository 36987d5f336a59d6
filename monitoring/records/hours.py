"""Which hours of captured records are to be read, and what was read of one: values and decisions. Pure.

monitoring/<endpoint>/hours/yyyy/mm/dd/hh.json              what was read of an hour: it is done
monitoring/<endpoint>/rows/yyyy/mm/dd/hh/<name>.parquet     its rows, as its record names them
monitoring/<endpoint>/quarantine/yyyy/mm/dd/hh/<name>.jsonl what could not be read, with its cause
monitoring/<endpoint>/again/<name>.json                     hours that are to be read again: a mark
monitoring/<endpoint>/watermark.json                        up to which hour all of them are done
monitoring/<endpoint>/drift/<release>.json                  what the last look at a release came to
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from monitoring.counts import HourCounts
from monitoring.hours import HOUR as HOUR
from monitoring.hours import complete_until as complete_until
from monitoring.hours import folder as folder
from monitoring.hours import hour_of as hour_of
from monitoring.hours import parsed as parsed
from monitoring.hours import place as place
from release.domain import names
from release.domain.chain import UPDATE
from release.domain.errors import ServiceError
from release.domain.pins import ReleasePin

FORMAT = 1
"""Of an hour's record. A later version of Slipway may write another one."""
_KEY = re.compile(r"hours/(?P<hour>\d{4}/\d\d/\d\d/\d\d)\.json$")


@dataclass(frozen=True)
class Folder:
    """Where records of an endpoint lie by the hour, below its capture's place."""

    to: str
    """`s3://bucket/prefix`."""
    name: str
    """The variant's; of what containers keep themselves, the release's id."""
    release: str = ""
    """The release that wrote there, where the folder says it."""

    @staticmethod
    def of(pins: Iterable[ReleasePin]) -> list["Folder"]:
        """All folders into which something is captured where these releases serve."""
        found = set[Folder]()
        for pin in pins:
            if pin.capture is None:
                continue
            if pin.capture.by_container:
                found.add(Folder(pin.capture.to, pin.release, pin.release))
            else:
                found |= {Folder(pin.capture.to, name) for name in (names.LIVE, names.CANDIDATE)}
        return sorted(found, key=lambda one: (one.to, one.name))


@dataclass(frozen=True)
class CaptureFile:
    """One file of captured records, as S3 lists it."""

    key: str
    etag: str
    size: int


@dataclass(frozen=True)
class RowsTable:
    """A Parquet file of rows: what one release answered under one variant's name."""

    key: str
    variant: str
    release: str
    rows: int


@dataclass(frozen=True)
class HourRecord:
    """What was read of one hour of an endpoint."""

    endpoint: str
    hour: datetime
    attempt: str
    """Names what this reading wrote."""
    files: Mapping[str, str]
    """ETag by URI, of all capture files that were read."""
    tables: tuple[RowsTable, ...]
    counts: tuple[HourCounts, ...]
    quarantine: str = ""
    """Where what could not be read lies; empty where all could."""
    quarantined: int = 0
    """How many lines lie there: of very many the first ones."""
    own: int = 0
    """Answers to golden requests, which nobody's caller sent: not counted."""
    format: int = FORMAT

    @property
    def troubles(self) -> dict[str, int]:
        """What could not be read, by cause, of all releases."""
        found: dict[str, int] = {}
        for counted in self.counts:
            for cause, count in counted.troubles.items():
                found[cause] = found.get(cause, 0) + count
        return found

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(counted.rows for counted in self.counts)

    def to_bytes(self) -> bytes:
        """As it is kept."""
        return _ADAPTER.dump_json(self)

    @staticmethod
    def from_bytes(data: bytes, where: str) -> "HourRecord":
        """As it was kept. Raises ServiceError where it is damaged, or of a later version."""
        refuse_later(data, where)
        try:
            return _ADAPTER.validate_json(data)
        except ValidationError as error:
            hour = hour_in(where)
            named = f"{hour:%Y-%m-%dT%H}" if hour else "HOUR"
            raise ServiceError(
                f"What was read of an hour is damaged: {where} ({error.error_count()} faults).",
                "The hour cannot be counted, so nothing was decided.",
                f"Have the hour read again: ./slipway monitor STAGE --again {named}",
            ) from None


_ADAPTER = TypeAdapter(HourRecord)


def refuse_later(data: bytes, where: str) -> None:
    """Raises ServiceError where an hour's record is of a format that is not known here: it is not damaged."""
    try:
        found: Any = json.loads(data)["format"]
    except (ValueError, KeyError, TypeError):
        return  # damaged, which is said by whoever reads it
    if isinstance(found, int) and found > FORMAT:
        raise ServiceError(
            f"A later version of Slipway read an hour: {where} is of format {found}, and {FORMAT} is known.",
            "What it counted would be misread here, so nothing was decided, and the hour stays as it is.",
            UPDATE,
        )


@dataclass(frozen=True)
class Mark:
    """Hours that are to be read again, as somebody left word of it at one time; all of them or none."""

    key: str
    hours: tuple[datetime, ...]

    def to_bytes(self) -> bytes:
        """As it is kept."""
        return json.dumps({"hours": [folder(hour) for hour in self.hours]}).encode()

    @staticmethod
    def from_bytes(data: bytes, key: str, where: str) -> "Mark":
        """As it was kept. Raises ServiceError where that is damaged."""
        try:
            return Mark(key, tuple(parsed(hour) for hour in json.loads(data)["hours"]))
        except (ValueError, KeyError, TypeError):
            raise ServiceError(
                f"What says which hours are to be read again is damaged: {where}.",
                "Nobody knows which hours it names, so nothing was read.",
                "Delete that object, then name the hours: ./slipway monitor STAGE --again HOUR",
            ) from None


def record_key(endpoint: str, hour: datetime) -> str:
    """The key of an hour's record."""
    return f"{place(endpoint)}hours/{folder(hour)}.json"


def look_key(endpoint: str, release: str) -> str:
    """The key of what is kept of a release from look to look."""
    return f"{place(endpoint)}drift/{release}.json"


def marks_place(endpoint: str) -> str:
    """Below which prefix marks lie."""
    return f"{place(endpoint)}again/"


def hour_in(key: str) -> datetime | None:
    """The hour whose record has this key."""
    found = _KEY.search(key)
    return parsed(found["hour"]) if found else None


def to_read(start: datetime, until: datetime, done: Sequence[datetime]) -> Iterator[datetime]:
    """The hours from `start` on that begin before `until` and are not done."""
    over, hour = set(done), hour_of(start)
    while hour < until:
        if hour not in over:
            yield hour
        hour += HOUR


def watermark(before: datetime, done: Sequence[datetime]) -> datetime:
    """The first hour that is not done, where all before `before` are."""
    over, hour = set(done), before
    while hour in over:
        hour += HOUR
    return hour


def late(record: HourRecord, there: Mapping[str, str]) -> list[str]:
    """The capture files that were not read with the hour: new ones, and such whose content is another."""
    return sorted(uri for uri, etag in there.items() if record.files.get(uri) != etag)
