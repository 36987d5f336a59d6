"""One look at the end of each simulated day: its rows and truth are there, then quality and drift are told.

What looks is what a stage's commands run: `monitoring.operations.quality` and `monitoring.drift`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

from bench.monitoring.replay import records
from bench.monitoring.replay.records import Answered
from monitoring.drift import decide as drift
from monitoring.drift.reference import Reference
from monitoring.finding import Finding
from monitoring.hours import day_ends, folder, place
from monitoring.operations.quality import Told, measure
from monitoring.operations.truth import Sources
from monitoring.quality.days import ALL, Day
from monitoring.quality.ports import TruthFile
from monitoring.quality.reporting import Promised, Subject
from monitoring.records.hours import HourRecord, RowsTable, record_key
from monitoring.storage.answered import AnsweredTables
from monitoring.storage.quality_book import QualityBook
from monitoring.storage.shelf import Shelf
from monitoring.storage.truth import TruthFolder
from release.domain.quality_settings import QualitySettings

ENDPOINT = "replay"
"""Under this name what is replayed lies in the stage's bucket, beside what is captured today."""
SETTINGS = QualitySettings(slices=("origin", "carrier"), settle_hours=48)


@dataclass(frozen=True)
class Release:
    """What is looked at."""

    id: str
    promised: Promised
    reference: Reference


@dataclass(frozen=True)
class Noticed:
    """A finding, and the day at whose end a look first told it."""

    told: date
    finding: Finding


@dataclass(frozen=True)
class Looks:
    """What all looks came to."""

    noticed: tuple[Noticed, ...]
    last: Told
    month_ends: Mapping[int, Told]
    """The last look of each month, by its number."""
    days: tuple[Day, ...]
    """All rows by day, as the last look counted them."""


class Arriving:
    """Truth files that come at the end of the day that they are named by, and not when they are written."""

    def __init__(self, folder: TruthFolder) -> None:
        self._folder = folder

    def files(self) -> list[TruthFile]:
        """All files, in the order of their days."""
        files = self._folder.files()
        found = [replace(one, came=_end(date.fromisoformat(PurePath(one.uri).stem))) for one in files]
        return sorted(found, key=lambda one: one.came)

    def lines(self, file: TruthFile) -> Iterator[str]:
        """Its lines, one after the other."""
        return self._folder.lines(file)


def look(
    s3: Any, bucket: str, release: Release, answered: Iterable[Answered], truth: Mapping[date, bytes]
) -> Looks:
    """Look at the end of each day that has truth."""
    sources = Sources(
        AnsweredTables(s3, bucket, ENDPOINT),
        Arriving(TruthFolder(s3, f"s3://{bucket}/replay/truth")),
        QualityBook(s3, bucket, ENDPOINT),
    )
    by_day: dict[date, list[Answered]] = {}
    for one in answered:
        by_day.setdefault(one.hour.date(), []).append(one)
    state = drift.new(ENDPOINT, release.id, release.reference)
    noticed: dict[str, Noticed] = {}
    ends: dict[int, Told] = {}
    for day in sorted({*by_day, *truth}):
        hours = sorted(by_day.get(day, ()), key=lambda one: one.hour)
        for one in hours:
            _put(s3, bucket, one, release.id)
        if day in truth:
            s3.put_object(Bucket=bucket, Key=f"replay/truth/{day}.jsonl", Body=truth[day])
        end = _end(day)
        Shelf(s3, bucket, ENDPOINT).move_watermark(end)
        counted = [records.counts(one, ENDPOINT, release.id, release.reference.binnings) for one in hours]
        decided = drift.decide(release.reference, state, counted, end)
        state = decided.state
        told = measure(sources, Subject(ENDPOINT, release.id, end), SETTINGS, release.promised)
        for finding in (*decided.noticed, *told.quality.findings):
            noticed.setdefault(finding.id, Noticed(day, finding))
        ends[day.month] = told
    counts = (day for of in sources.book.days().values() for day in of.counts)
    return Looks(tuple(noticed.values()), told, ends, tuple(day for day in counts if day.slice == ALL))


def _end(day: date) -> datetime:
    return day_ends(day)


def _put(s3: Any, bucket: str, one: Answered, release: str) -> None:
    key = f"{place(ENDPOINT)}rows/{folder(one.hour)}/replayed.parquet"
    s3.put_object(Bucket=bucket, Key=key, Body=records.table(one, release))
    table = RowsTable(key, "live", release, len(one.rows))
    record = HourRecord(ENDPOINT, one.hour, "replayed", {}, (table,), ())
    s3.put_object(Bucket=bucket, Key=record_key(ENDPOINT, one.hour), Body=record.to_bytes())
