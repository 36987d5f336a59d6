"""One hour of an endpoint's captured records into tables of rows and counts, in bounded memory."""

import gc
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from model.serving.models.schema import Schema
from monitoring.counts import Binning, Counted, HourCounts
from monitoring.records.hours import HOUR, CaptureFile, Folder
from monitoring.records.periods import Served
from monitoring.records.troubles import NotReadable, Trouble
from monitoring.storage.bodies import Requests, Rows
from monitoring.storage.counting import added
from monitoring.storage.engine import counted
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
Who = tuple[str, str]
"""A variant and a release."""


@dataclass(frozen=True)
class Reader:
    """What is needed to read what one release was asked and answered, and to count it."""

    schema: Schema | None
    """Of its records; None where nothing is known of its requests."""
    requests: Requests | None
    answers: Answers
    binnings: tuple[Binning, ...]


@dataclass(frozen=True)
class Hour:
    """What is to be read: whose files, and who served."""

    endpoint: str
    hour: datetime
    files: Mapping[Folder, Sequence[CaptureFile]]
    served: Served


@dataclass(frozen=True)
class Found:
    """What was read: files of rows on this machine, and the counts."""

    tables: tuple[RowsFile, ...]
    counts: tuple[HourCounts, ...]
    quarantine: Quarantine
    own: int


Lines = Callable[[CaptureFile], Iterator[Sequence[bytes | NotReadable]]]
ReaderOf = Callable[[str], Reader | None]
"""By release; None for one of which nothing is known any more."""


class HourReading:
    """Reads one hour, once."""

    def __init__(self, asked: Hour, lines: Lines, reader_of: ReaderOf, work: Path) -> None:
        self._asked = asked
        self._lines = lines
        self._reader_of = reader_of
        self._work = work
        self._tables: dict[tuple[str, str, bool], RowsFile] = {}
        self._binnings: dict[str, tuple[Binning, ...]] = {}
        self._troubles: defaultdict[Who, Counter[str]] = defaultdict(Counter)
        self._quarantine = Quarantine(work / "quarantine.jsonl")
        self._own = 0

    def read(self) -> Found:
        """All of it."""
        with _rarely_collected():
            for folder, files in self._asked.files.items():
                seen = Seen()
                for file in files:
                    for lines in self._lines(file):
                        self._block(folder, file, lines, seen)
        tables = tuple(self._tables.values())
        for table in tables:
            table.close()
        return Found(tables, tuple(self._counts(tables)), self._quarantine, self._own)

    def _block(
        self, folder: Folder, file: CaptureFile, lines: Sequence[bytes | NotReadable], seen: Seen
    ) -> None:
        nobody = names.LIVE if folder.release else folder.name, folder.release or NOBODY
        found: list[tuple[bytes, Exchange]] = []
        for line in lines:
            if isinstance(line, NotReadable):
                self._aside(nobody, line.trouble, file, b"")
                continue
            try:
                found.append((line, exchange(line)))
            except NotReadable as none:
                self._aside(nobody, none.trouble, file, line)
        fresh = seen.new([one.event for _, one in found])
        for (line, one), new in zip(found, fresh.tolist(), strict=True):
            who = nobody
            try:
                if not new:
                    raise NotReadable(Trouble.DUPLICATE)
                if one.inference == names.OWN_REQUEST:
                    self._own += 1
                    continue
                who = self._who(folder, one.at)
                self._add(who, one)
            except NotReadable as none:
                self._aside(who, none.trouble, file, line)

    def _who(self, folder: Folder, at: datetime) -> Who:
        """Who answered. Raises NotReadable where nobody can say, and for a record of another hour."""
        start, served = self._asked.hour, self._asked.served
        if not start - SKEW <= at < start + HOUR + SKEW:
            raise NotReadable(Trouble.HOUR)
        if folder.release:
            return served.variant_of(folder.release, at), folder.release
        period = served.at(folder.name, at)
        if period is None or period.pin is None:
            raise NotReadable(Trouble.SWITCH if period and period.switching else Trouble.NOBODY)
        return folder.name, period.pin.release

    def _add(self, who: Who, one: Exchange) -> None:
        variant, release = who
        reader = self._reader_of(release)
        if reader is None:
            raise NotReadable(Trouble.RELEASE)
        scores = reader.answers.scores(one.answer, one.answer_type)
        rows: Rows | None = None
        if reader.requests is not None and one.request is not None:
            rows = reader.requests.rows(one.request, one.request_type)
            scores = _fitting(scores, rows.count)
        if not scores:
            raise NotReadable(Trouble.ANSWER)
        key = (variant, release, rows is not None)
        table = self._tables.get(key)
        if table is None:
            kind = "rows" if rows else "answers"
            path = self._work / f"{variant}-{release}-{kind}.parquet"
            schema = reader.schema if rows else None
            table = self._tables[key] = RowsFile(path, schema, variant, release)
            self._binnings[release] = reader.binnings
        table.add(one, rows, scores)

    def _aside(self, who: Who, trouble: Trouble, file: CaptureFile, line: bytes) -> None:
        self._troubles[who][trouble.value] += 1
        self._quarantine.add(trouble, file.key, line)

    def _counts(self, tables: Sequence[RowsFile]) -> Iterator[HourCounts]:
        """Of every release that answered, or whose records said nothing; of live always."""
        asked, found = self._asked, dict[Who, HourCounts]()
        for period in asked.served.within(asked.hour, asked.hour + HOUR):
            if period.pin and period.variant == names.LIVE:
                who = (period.variant, period.pin.release)
                found[who] = self._none(who)
        for table in tables:
            who = (table.variant, table.release)
            columns = counted(table.path, table.features, self._binnings[table.release])
            found[who] = _more(found.get(who) or self._none(who), table, columns)
        for (variant, release), troubles in self._troubles.items():
            who = self._whose(variant, release, list(found))
            known = found.get(who) or self._none(who)
            found[who] = replace(known, troubles=dict(Counter(known.troubles) + troubles))
        yield from found.values()

    def _none(self, who: Who) -> HourCounts:
        return HourCounts(self._asked.endpoint, *who, self._asked.hour, 0, 0, {})

    def _whose(self, variant: str, release: str, known: Sequence[Who]) -> Who:
        """Whom a record counts for that names nobody: the last release of its variant in this hour."""
        if release != NOBODY:
            return variant, release
        of_variant = [who for who in known if who[0] == variant]
        return (of_variant or [*known] or [(variant, NOBODY)])[-1]


@contextmanager
def _rarely_collected() -> Generator[None]:
    """Looks for circles of garbage a hundred times less often: rows that wait are many, and in none."""
    usual = gc.get_threshold()
    gc.set_threshold(usual[0] * 100, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _more(before: HourCounts, table: RowsFile, columns: Mapping[str, Counted]) -> HourCounts:
    """The counts of two tables of one release: of records with requests, and of answers alone."""
    both = {name: added(before.columns[name], columns[name]) for name in before.columns if name in columns}
    return replace(
        before,
        rows=before.rows + table.rows,
        requests=before.requests + table.requests,
        columns={**before.columns, **columns, **both},
    )


def _fitting(scores: Scores, count: int) -> Scores:
    """As many scores as rows.

    An answer of another container that is not finite has none at all; of rows that were refused alone, a
    container keeps the other ones.
    """
    if not scores:
        return [None] * count
    if len(scores) != count:
        scores = [score for score in scores if score is not None]
    if len(scores) != count:
        raise NotReadable(Trouble.ROWS)
    return scores
