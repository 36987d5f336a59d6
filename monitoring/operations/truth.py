"""Truth: new files of it are read once, and their labels joined to the rows that they speak of.

    read    each new file, so many labels at a time    nothing is dropped: held, waiting or rejected
    join    hour by hour, the newest first             in memory: one hour, so many labels, and what waits

A process that dies leaves nothing half: a file is taken when all of its labels are held or wait, and the same
line twice is one label.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from monitoring.quality.joining import join, refused, without
from monitoring.quality.labels import Label, Rejected, Trouble, read
from monitoring.quality.ports import (
    AnsweredRows,
    Book,
    Taken,
    TruthFile,
    TruthFiles,
    UnreadableTruth,
    Waiting,
)
from release.domain.errors import UsageError

GONE = "a truth file that is no longer there"
AT_ONCE = 50_000
"""Labels that are held in memory."""
QUARANTINED = 10_000
"""Lines of a file that are kept beside it; all of them are counted, and the file itself stays where it is."""


@dataclass(frozen=True)
class Sources:
    """One endpoint's rows, truth, and what is kept of it."""

    rows: AnsweredRows
    truth: TruthFiles
    book: Book


def take_in(sources: Sources, hours: Mapping[datetime, str], now: datetime, unknown_after: timedelta) -> int:
    """Read the files that are new, and try what waits against the hours that are; the number of files."""
    book = sources.book
    before, against = book.waiting()
    known = book.taken()
    fresh = [hour for hour, content in hours.items() if against.get(hour) != content]
    files = {file.id: _File(file) for file in sources.truth.files() if file.id not in known}
    waiting = {_line(one.label): one for one in before if one.label.source not in files}
    if fresh and waiting:
        rest, rejected = _place(sources, [one.label for one in waiting.values()], fresh)
        _add(book, rejected, now)
        waiting = {_line(label): waiting[_line(label)] for label in rest}
    lines = _lines(sources.truth, files.values(), now)
    while chunk := list(islice(lines, AT_ONCE)):
        for one in chunk:
            files[one.source].add(one)
        rest, rejected = _place(sources, [one for one in chunk if isinstance(one, Label)], hours)
        for one in rejected:
            files[one.source].add(one)
        waiting |= {_line(label): Waiting(label, now) for label in rest}
    book.wait([*waiting.values()], hours)
    for one in files.values():
        book.take(Taken(one.file, now, one.labels, dict(one.causes)), one.rejected)
    limit = now - unknown_after
    unknown = [one.label for one in waiting.values() if one.since <= limit]
    _add(book, [refused(label, Trouble.UNKNOWN) for label in unknown], now)
    if unknown:
        book.wait([one for one in waiting.values() if one.since > limit], hours)
    return len(files)


def again(sources: Sources, uri: str) -> int:
    """Have the files under `uri` read again by the next `measure`: their lines, quarantined or not.

    Returns their number. Raises UsageError where none was read.
    """
    book = sources.book
    chosen = {name for name, taken in book.taken().items() if taken.file.uri.startswith(uri)}
    if not chosen:
        raise UsageError(
            f"No truth file under {uri} was read.",
            "Nothing was changed.",
            "Give the URI of a file or folder as the endpoint's monitoring.quality.truth has it.",
        )
    waiting, against = book.waiting()
    book.wait([one for one in waiting if one.label.source not in chosen], against)
    for hour in book.marks():
        held = book.held(hour)
        rest = held
        for name in chosen:
            rest = without(rest, name)
        if rest.of != held.of:
            book.hold(hour, rest)
    for name in chosen:
        book.forget(name)
    return len(chosen)


@dataclass
class _File:
    """What became of a file's lines so far."""

    file: TruthFile
    labels: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)

    def add(self, one: Label | Rejected) -> None:
        """Count one of its lines."""
        if isinstance(one, Label):
            self.labels += 1
            return
        self.causes[one.trouble.value] += 1
        if len(self.rejected) < QUARANTINED:
            self.rejected.append(one)


def _line(label: Label) -> tuple[str, int]:
    return label.source, label.line


def _lines(truth: TruthFiles, files: Iterable[_File], now: datetime) -> Iterator[Label | Rejected]:
    for one in files:
        try:
            yield from read(one.file.uri, truth.lines(one.file), one.file.id, now)
        except UnreadableTruth as error:
            yield Rejected(one.file.id, 0, Trouble.FILE, str(error))


def _place(
    sources: Sources, labels: Sequence[Label], hours: Iterable[datetime]
) -> tuple[Sequence[Label], list[Rejected]]:
    """Hold labels against hours, the newest first, until all have their row.

    Returns the rest, and what is no label.
    """
    rest, rejected = tuple(labels), list[Rejected]()
    for hour in sorted(hours, reverse=True):
        if not rest:
            break
        joined = join(sources.rows.read(hour, ()), sources.book.held(hour), rest)
        if joined.changed:
            sources.book.hold(hour, joined.held)
        rejected += joined.rejected
        rest = joined.rest
    return rest, rejected


def _add(book: Book, rejected: Sequence[Rejected], now: datetime) -> None:
    """Add to what became of files that were read earlier."""
    known = book.taken() if rejected else {}
    for source in sorted({one.source for one in rejected}):
        mine = [one for one in rejected if one.source == source]
        before = known.get(source, Taken(TruthFile(source, GONE), now, 0))
        causes = Counter(before.troubles) + Counter(one.trouble.value for one in mine)
        book.take(Taken(before.file, before.at, before.labels, dict(causes)), mine)
