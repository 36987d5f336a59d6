"""One hour of an endpoint's captured records into tables of rows and counts, in bounded memory."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from model.serving.models.schema import Schema
from monitoring.counts import HourCounts
from monitoring.records.hours import HOUR, CaptureFile
from monitoring.records.periods import Served
from monitoring.records.troubles import NotReadable, Trouble
from monitoring.storage.bodies import Requests, Rows
from monitoring.storage.engine import FileCounter
from monitoring.storage.lines import Exchange, exchange
from monitoring.storage.quarantine import Quarantine
from monitoring.storage.scores import Answers, Scores
from monitoring.storage.seen import Seen
from monitoring.storage.tables import RowsFile
from release.domain import names

SKEW = timedelta(minutes=5)
"""A record that is of another hour than its folder by no more than this is of its folder's."""
NOBODY = ""
"""Stands for a release where nobody knows which one it was."""


@dataclass(frozen=True)
class Reader:
    """What is needed to read what one release was asked and answered, and to count it."""

    schema: Schema | None
    requests: Requests | None
    answers: Answers
    counter: FileCounter


@dataclass(frozen=True)
class Hour:
    """What is to be read: whose files, and who served."""

    endpoint: str
    hour: datetime
    files: Mapping[str, Sequence[CaptureFile]]
    """By variant."""
    served: Served


@dataclass(frozen=True)
class Found:
    """What was read: files of rows on this machine, and the counts."""

    tables: tuple[RowsFile, ...]
    counts: tuple[HourCounts, ...]
    quarantine: Quarantine
    own: int


Lines = Callable[[CaptureFile], Iterator[Sequence[bytes | NotReadable]]]


class HourReading:
    """Reads one hour, once. `reader_of` gives None for a release of which nothing is known any more."""

    def __init__(
        self, asked: Hour, lines: Lines, reader_of: Callable[[str], Reader | None], work: Path
    ) -> None:
        self._asked = asked
        self._lines = lines
        self._reader_of = reader_of
        self._work = work
        self._tables: dict[tuple[str, str], RowsFile] = {}
        self._counters: dict[tuple[str, str], FileCounter] = {}
        self._troubles: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._quarantine = Quarantine(work / "quarantine.jsonl")
        self._own = 0

    def read(self) -> Found:
        """All of it."""
        for variant, files in self._asked.files.items():
            seen = Seen()
            for file in files:
                for lines in self._lines(file):
                    self._block(variant, file, lines, seen)
        for table in self._tables.values():
            table.close()
        tables = tuple(self._tables.values())
        return Found(tables, tuple(self._counts(tables)), self._quarantine, self._own)

    def _block(
        self, variant: str, file: CaptureFile, lines: Sequence[bytes | NotReadable], seen: Seen
    ) -> None:
        found: list[tuple[bytes, Exchange]] = []
        for line in lines:
            if isinstance(line, NotReadable):
                self._aside(variant, NOBODY, line.trouble, file, b"")
                continue
            try:
                found.append((line, exchange(line)))
            except NotReadable as none:
                self._aside(variant, NOBODY, none.trouble, file, line)
        fresh = seen.new([one.event for _, one in found])
        for (line, one), new in zip(found, fresh.tolist(), strict=True):
            release = NOBODY
            try:
                if not new:
                    raise NotReadable(Trouble.DUPLICATE)
                if one.inference == names.OWN_REQUEST:
                    self._own += 1
                    continue
                release = self._release(variant, one.at)
                self._add(variant, release, one)
            except NotReadable as none:
                self._aside(variant, release, none.trouble, file, line)

    def _release(self, variant: str, at: datetime) -> str:
        """The release that answered. Raises NotReadable where nobody can say, and for another hour."""
        start = self._asked.hour
        if not start - SKEW <= at < start + HOUR + SKEW:
            raise NotReadable(Trouble.HOUR)
        period = self._asked.served.at(variant, at)
        if period is None or period.pin is None:
            raise NotReadable(Trouble.SWITCH if period and period.switching else Trouble.NOBODY)
        return period.pin.release

    def _add(self, variant: str, release: str, one: Exchange) -> None:
        reader = self._reader_of(release)
        if reader is None:
            raise NotReadable(Trouble.RELEASE)
        scores = reader.answers.scores(one.answer, one.answer_type)
        rows: Rows | None = None
        if reader.requests is not None:
            rows = reader.requests.rows(one.request, one.request_type)
            scores = _fitting(scores, rows.count)
        if not scores:
            raise NotReadable(Trouble.ANSWER)
        table = self._tables.get((variant, release))
        if table is None:
            path = self._work / f"{variant}-{release}.parquet"
            table = self._tables[variant, release] = RowsFile(path, reader.schema, variant, release)
            self._counters[variant, release] = reader.counter
        table.add(one, rows, scores)

    def _aside(self, variant: str, release: str, trouble: Trouble, file: CaptureFile, line: bytes) -> None:
        self._troubles[variant, release][trouble.value] += 1
        self._quarantine.add(trouble, file.key, line)

    def _counts(self, tables: Sequence[RowsFile]) -> Iterator[HourCounts]:
        """Of every release that answered, or whose records said nothing; of live always."""
        asked, end = self._asked, self._asked.hour + HOUR
        found: dict[tuple[str, str], HourCounts] = {}
        for period in asked.served.within(asked.hour, end):
            if period.pin and (period.variant == names.LIVE or asked.files.get(period.variant)):
                key = (period.variant, period.pin.release)
                found[key] = HourCounts(asked.endpoint, *key, asked.hour, 0, 0, {})
        for table in tables:
            key = (table.variant, table.release)
            columns = self._counters[key].counted(table.path)
            found[key] = HourCounts(asked.endpoint, *key, asked.hour, table.rows, table.requests, columns)
        for (variant, release), troubles in self._troubles.items():
            key = self._whose(variant, release, list(found))
            known = found.get(key) or HourCounts(asked.endpoint, *key, asked.hour, 0, 0, {})
            merged = dict(Counter(known.troubles) + troubles)
            found[key] = replace(known, troubles=merged)
        yield from found.values()

    def _whose(self, variant: str, release: str, known: Sequence[tuple[str, str]]) -> tuple[str, str]:
        """Whom a record counts for that names nobody: the last release of its variant in this hour."""
        if release != NOBODY:
            return variant, release
        of_variant = [key for key in known if key[0] == variant]
        return (of_variant or [*known] or [(variant, NOBODY)])[-1]


def _fitting(scores: Scores, count: int) -> Scores:
    """As many scores as rows: an answer of another container that is not finite has none at all."""
    if not scores:
        return [None] * count
    if len(scores) != count:
        raise NotReadable(Trouble.ROWS)
    return scores
