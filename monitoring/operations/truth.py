"""Truth: new files of it are read once, and their labels joined to the rows that they speak of.

    read    each new file, so many labels at a time    nothing is dropped: held, waiting or rejected
    join    hour by hour, the newest first             in memory: one hour, so many labels, and what waits

Only hours before which all are read take part: an earlier record of the same id may still come until then. A
process that dies leaves nothing half: a file is taken when all of its labels are held or wait, and the same
line twice is one label. So may two looks work at once: each writes on condition that nobody else did since it
read, else it reads and decides anew.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from monitoring.quality.joining import REPEATS, Place, Search, hold, refused
from monitoring.quality.labels import Label, Rejected, Trouble, read
from monitoring.quality.pending import Looked, Pending, Read, Waiting, after, ready
from monitoring.quality.ports import AnsweredRows, Book, Taken, TruthFile, TruthFiles, UnreadableTruth
from release.domain.errors import ServiceError, UsageError

GONE = "a truth file that is no longer there"
AT_ONCE = 50_000
"""Labels that are held in memory."""
QUARANTINED = 10_000
"""Lines of a file that are kept beside it; all of them are counted, and the file itself stays where it is."""
ATTEMPTS = 20
"""How often others may be faster."""


@dataclass(frozen=True)
class Sources:
    """One endpoint's rows, truth, and what is kept of it."""

    rows: AnsweredRows
    truth: TruthFiles
    book: Book


@dataclass(frozen=True)
class Hours:
    """The hours that are read, at the beginning of a look."""

    now: datetime
    final: datetime
    """Before it all are, ..."""
    read: Mapping[datetime, str]
    """... these, each by its content."""


def take_in(sources: Sources, there: Hours, unknown_after: timedelta) -> int:
    """Read the files that are new, and try what waits against the hours that are; the number of files."""
    book = sources.book
    before, _ = book.pending()
    taken = book.taken()
    files = {one.id: _File(one) for one in sources.truth.files() if one.id not in taken}
    _move(sources, before, there.read)
    waits, left, rejected = _tried(sources, before, there, unknown_after, files)
    lines = _lines(sources.truth, files.values())
    while chunk := list(islice(lines, AT_ONCE)):
        _read(sources, there, files, chunk)
    for one in files.values():
        book.set_aside(one.file.uri, one.rejected)
    for source in sorted({one.source for one in rejected}):
        uri = taken[source].file.uri if source in taken else GONE
        book.set_aside(uri, [one for one in rejected if one.source == source][:QUARANTINED])
    found = {name: Read(one.waiting, dict(one.causes)) for name, one in files.items()}
    _keep(book, Looked(before, there.read, waits, left, found))
    for one in files.values():
        book.take(Taken(one.file, there.now, one.labels))
    return len(files)


def again(sources: Sources, uri: str) -> int:
    """Have the files under `uri` read again by the next `measure`: their lines, quarantined or not.

    Labels that are held stay: the same line is one label. Returns the number of files. Raises UsageError
    where none that was read is there.
    """
    taken = sources.book.taken()
    chosen = [one for one in sources.truth.files() if one.id in taken and one.uri.startswith(uri)]
    if not chosen:
        raise UsageError(
            f"No truth file under {uri} is there and was read.",
            "Nothing was changed.",
            "Give the URI of a file or folder as the endpoint's monitoring.quality.truth has it.",
        )
    for one in chosen:
        sources.book.forget(one.id)
    return len(chosen)


@dataclass
class _File:
    """What became of a file's lines so far."""

    file: TruthFile
    labels: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)

    def reject(self, one: Rejected) -> None:
        """Count a line that says nothing."""
        self.causes[one.trouble.value] += 1
        if len(self.rejected) < QUARANTINED:
            self.rejected.append(one)


def _lines(truth: TruthFiles, files: Iterable[_File]) -> Iterator[Label | Rejected]:
    for one in files:
        try:
            yield from read(one.file.uri, truth.lines(one.file), one.file.id, one.file.came)
        except UnreadableTruth as error:
            yield Rejected(one.file.id, 0, Trouble.FILE, str(error))


def _read(
    sources: Sources, there: Hours, files: Mapping[str, _File], lines: Sequence[Label | Rejected]
) -> None:
    """Place the labels among some lines of new files."""
    labels = [one for one in lines if isinstance(one, Label)]
    for label in labels:
        files[label.source].labels += 1
    placed = _place(sources, [one for one in labels if ready(one, there.final)], there.read)
    for one in [one for one in lines if isinstance(one, Rejected)] + placed.rejected:
        files[one.source].reject(one)
    for label in placed.rest:
        waiting = Waiting(label).tried(there.now, label.place in placed.early)
        files[label.source].waiting.append(waiting)
    for label in labels:
        if not ready(label, there.final):
            files[label.source].waiting.append(Waiting(label))


def _tried(
    sources: Sources,
    before: Pending,
    there: Hours,
    unknown_after: timedelta,
    files: Collection[str],
) -> tuple[dict[Place, Waiting], dict[Place, Trouble | None], list[Rejected]]:
    """Labels that waited, but those of new files: which wait still, what others became, which are none."""
    waiting = {one.label.place: one for one in before.waiting if one.label.source not in files}
    fresh = [hour for hour, content in there.read.items() if before.against.get(hour) != content]
    known = [one.label for one in waiting.values() if one.since]
    new = [one.label for one in waiting.values() if not one.since and ready(one.label, there.final)]
    waits, left, rejected = dict[Place, Waiting](), dict[Place, Trouble | None](), list[Rejected]()
    for labels, hours in ((known, fresh), (new, there.read)):
        placed = _place(sources, labels, hours)
        left |= dict.fromkeys(label.place for label in labels)
        left |= {(one.source, one.line): one.trouble for one in placed.rejected}
        rejected += placed.rejected
        for label in placed.rest:
            place = label.place
            one = waiting[place].tried(there.now, place in placed.early)
            trouble = one.over(there.now, unknown_after)
            if trouble is None:
                waits[place] = one
                del left[place]
            else:
                left[place] = trouble
                rejected.append(refused(label, trouble))
    return waits, left, rejected


def _move(sources: Sources, before: Pending, hours: Mapping[datetime, str]) -> None:
    """Labels of repeats whose first record lies in an hour that was read anew go to that one, too."""
    anew = [hour for hour, content in hours.items() if before.against.get(hour, content) != content]
    for hour in sorted(anew):
        near = [one for one in hours if hour - REPEATS <= one <= hour + REPEATS]
        held = [sources.book.held(one)[0] for one in near if one > hour]
        _place(sources, [label for one in held for of_row in one.of.values() for label in of_row], near)


@dataclass(frozen=True)
class _Placed:
    """What became of labels that were held against hours."""

    rest: Sequence[Label]
    early: Collection[Place]
    rejected: list[Rejected]


def _place(sources: Sources, labels: Sequence[Label], hours: Iterable[datetime]) -> _Placed:
    """Hold labels against hours, the newest first, until all have their row."""
    search = Search(labels)
    for hour in sorted(hours, reverse=True):
        if search.over(hour):
            break
        search.look(hour, sources.rows.read(hour, ()))
    rejected = [one for hour, of in search.found().items() for one in _hold(sources.book, hour, of)]
    return _Placed(search.rest(), search.early, rejected)


def _hold(book: Book, hour: datetime, labels: Sequence[Label]) -> list[Rejected]:
    """Keep more labels of an hour's rows; those that are none."""
    for _ in range(ATTEMPTS):
        before, tag = book.held(hour)
        held, rejected = hold(before, labels)
        if held == before or book.hold(hour, held, tag):
            return rejected
    raise _overtaken()


def _keep(book: Book, looked: Looked) -> None:
    """Keep what waits after a look."""
    for _ in range(ATTEMPTS):
        current, tag = book.pending()
        taken = book.taken() if looked.read else ()
        wanted = after(current, looked, taken)
        if wanted == current or book.put_pending(wanted, tag):
            return
    raise _overtaken()


def _overtaken() -> ServiceError:
    return ServiceError(
        "Others keep changing what is kept of this endpoint's truth.",
        "No label is lost: what was not kept is read again.",
        "Run the same command again, one at a time.",
    )
