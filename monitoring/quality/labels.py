"""A line of a truth file as a label, or the reason why it is none. Pure.

A file is JSON lines (`.jsonl`, `.ndjson`, `.json`) or CSV with a header (`.csv`); both have these names:

    inference_id   of the request; `<inference id>#<row>` of a request of several rows
    outcome        what really happened: 1 or 0
    observed_at    when that was known, ISO 8601; without an offset it is UTC
    corrects       true where it takes the place of another label of the same moment; may be left out
"""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

AHEAD = timedelta(minutes=5)
"""So far a label's clock may be ahead of that of the store its file lies in."""
LONGEST = 2000
"""Characters of a line."""
JSON_FILES, CSV_FILES = (".jsonl", ".ndjson", ".json"), (".csv",)


class Trouble(StrEnum):
    """Why a label, or a file of them, says nothing. Its value is what people read."""

    FILE = "truth file that cannot be read"
    """Of another form than its name says, not UTF-8, without a header, or gone."""
    LINE = "line that is no label"
    """Half-written, or without an inference id, an outcome or a time."""
    OUTCOME = "label whose outcome is neither 0 nor 1"
    FUTURE = "label from the future"
    """Of after its file came."""
    EARLY = "label of before its request was answered"
    """It waited as long as `unknown_after_hours` says for an earlier record of its id."""
    DUPLICATE = "label that was there already"
    CONFLICT = "label that says otherwise at the same moment"
    """The first one holds; with `corrects` the later one would."""
    UNKNOWN = "label of an inference id that nobody answered"
    """It waited as long as `unknown_after_hours` says, after all hours before it were read."""


@dataclass(frozen=True, slots=True)
class Label:
    """What became of one row."""

    inference: str
    row: int
    outcome: int
    observed: datetime
    corrects: bool
    source: str
    """The file it came in, ..."""
    line: int
    """... where, from 1, ..."""
    came: datetime
    """... and when: with which labels a day is judged does not depend on when one looked."""

    @property
    def place(self) -> tuple[str, int]:
        """Names the line: read twice, it is one label."""
        return self.source, self.line

    @property
    def key(self) -> tuple[str, int]:
        """Names the row."""
        return self.inference, self.row


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line, or of a file 0, that is no label."""

    source: str
    line: int
    trouble: Trouble
    text: str = ""
    """As it was, at most `LONGEST` characters."""


def read(name: str, lines: Iterable[str], source: str, came: datetime) -> Iterator[Label | Rejected]:
    """The labels of a file of this name, one after the other; `source` names it in them, `came` its time."""
    if name.endswith(JSON_FILES):
        for number, text in enumerate(lines, 1):
            if text.strip():
                yield _label(_json(text), source, number, text, came)
    elif name.endswith(CSV_FILES):
        yield from _csv(lines, source, came)
    else:
        yield Rejected(source, 0, Trouble.FILE, f"its name ends in none of {(*JSON_FILES, *CSV_FILES)}")


def _csv(lines: Iterable[str], source: str, came: datetime) -> Iterator[Label | Rejected]:
    reader = csv.reader(lines)
    try:
        head = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        yield Rejected(source, 0, Trouble.FILE, f"its header cannot be read: {error}")
        return
    if not {"inference_id", "outcome", "observed_at"} <= set(head):
        yield Rejected(
            source, 0, Trouble.FILE, f"no inference_id, outcome or observed_at in its header: {head}"
        )
        return
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Rejected(source, reader.line_num, Trouble.LINE, str(error))
            continue
        if cells:
            fields = dict(zip(head, cells, strict=True)) if len(cells) == len(head) else None
            yield _label(fields, source, reader.line_num, ",".join(cells), came)


def _json(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _label(
    fields: dict[str, Any] | None, source: str, line: int, text: str, came: datetime
) -> Label | Rejected:
    def rejected(trouble: Trouble) -> Rejected:
        return Rejected(source, line, trouble, text.rstrip("\n")[:LONGEST])

    try:
        assert fields is not None
        name, told, observed = fields["inference_id"], fields["outcome"], _time(fields["observed_at"])
        assert isinstance(name, str)
        assert name
    except (AssertionError, KeyError, ValueError, TypeError, OverflowError):
        return rejected(Trouble.LINE)
    outcome = _outcome(told)
    if outcome is None:
        return rejected(Trouble.OUTCOME)
    if observed > came + AHEAD:
        return rejected(Trouble.FUTURE)
    inference, row = row_of(name)
    corrects = str(fields.get("corrects", "")).strip().lower() in ("true", "1", "yes")
    return Label(inference, row, outcome, observed, corrects, source, line, came)


def row_of(name: str) -> tuple[str, int]:
    """Inference id and row of how truth names a row (`monitoring.rows`)."""
    inference, mark, row = name.rpartition("#")
    return (inference, int(row)) if mark and row.isdecimal() and len(row) < 10 else (name, 0)


def _time(value: Any) -> datetime:
    moment = datetime.fromisoformat(value.strip() if isinstance(value, str) else "")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _outcome(value: Any) -> int | None:
    if isinstance(value, str):
        value = {"true": 1, "false": 0}.get(value.strip().lower(), value)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(number) if number in (0.0, 1.0) else None
