"""What is selected in the content of an object, and the content without it, for each form that there is.

A search looks at every version of an object; a deletion writes `rest` of the newest one.
"""

import csv
import gzip
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from monitoring import rows
from monitoring.capture.selection import Selected
from monitoring.experiments import assignment
from monitoring.quality.labels import row_of
from monitoring.storage import parquet

_ODD = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, csv.Error)
_TEXTS = (".jsonl", ".ndjson", ".json", ".csv")
REPEATS = b"repeats"
"""Under which name a day's counts have the names of requests that came twice."""
_TOKEN = re.compile(r'[^\s",\\]+')


@dataclass(frozen=True)
class Looked:
    """What one content came to."""

    found: frozenset[bytes] = frozenset()
    """What is selected, each by its content or a hash of it: the same one in two versions is one."""
    unread: int = 0
    """Entries of which nobody can tell."""
    rest: bytes = b""
    """Without what is selected; empty where nothing is left."""
    names: frozenset[str] = frozenset()
    """The inference ids of what is selected, where they are told here."""


class Look(Protocol):
    """Looks at the content of one object."""

    def __call__(self, body: bytes) -> Looked:
        """What is selected in it."""


@dataclass(frozen=True)
class Names:
    """Requests by their inference ids; truth names a row of one as `<id>#<row>`."""

    known: Set[str]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self.known or row_of(name)[0] in self.known)


def records(selected: Selected) -> Look:
    """Captured records, a line each."""

    def look(body: bytes) -> Looked:
        found, names, unread, rest = set[bytes](), set[str](), 0, []
        for line in body.splitlines(keepends=True):
            told = selected(line) if line.strip() else False
            unread += told is None
            if told:
                found.add(line.strip())
                names |= _name(line)
            else:
                rest.append(line)
        return Looked(frozenset(found), unread, b"".join(rest), frozenset(names))

    return look


def answered(selected: Selected, whole: bool) -> Look:
    """A table of answered rows; `whole` says that all of them are selected."""

    def look(body: bytes) -> Looked:
        try:
            file = pq.ParquetFile(pa.BufferReader(body))
            wanted = [rows.EVENT, rows.INFERENCE, rows.ROW, selected.column]
            table = file.read([name for name in file.schema_arrow.names if name in wanted])
        except (pa.ArrowException, OSError):
            return Looked(unread=1)
        if not whole and selected.column not in table.column_names:
            return Looked(rest=body)
        mine = [row for row in table.to_pylist() if whole or selected.same(row[selected.column])]
        names = {row[rows.INFERENCE] for row in mine} - {None}
        return Looked(frozenset(map(_digest, mine)), 0, body, frozenset(names))

    return look


def quarantined(selected: Selected) -> Look:
    """Copies of captured lines that said nothing, each with its cause."""

    def look(body: bytes) -> Looked:
        found, names, unread = set[bytes](), set[str](), 0
        for copy in filter(bytes.strip, body.splitlines()):
            try:
                line = json.loads(copy)["line"].encode()
            except _ODD:
                unread += 1
                continue
            told = selected(line) if line else False
            unread += told is None
            if told:
                found.add(line)
                names |= _name(line)
        return Looked(frozenset(found), unread, body, frozenset(names))

    return look


def labels(names: Names, whole: bool) -> Look:
    """A table of labels, which stays without a row too; `whole` says that all of them are selected."""

    def look(body: bytes) -> Looked:
        return _without(body, lambda row: whole or row["inference"] in names, empty=True)

    return look


def repeated(names: Names) -> Look:
    """A day's counts, which name some requests that came twice."""

    def look(body: bytes) -> Looked:
        try:
            table = parquet.read(body)
            told = dict(table.schema.metadata or {})
            known = json.loads(told.get(REPEATS, b"[]"))
            mine = [name for name in known if name in names]
        except (pa.ArrowException, OSError, *_ODD):
            return Looked(unread=1, rest=body)
        if not mine:
            return Looked(rest=body)
        told[REPEATS] = json.dumps([name for name in known if name not in names]).encode()
        left = parquet.written(table.replace_schema_metadata(told))
        return Looked(frozenset(name.encode() for name in mine), 0, left)

    return look


def rejected(names: Names) -> Look:
    """Lines that were no labels, each as the text that it was."""

    def is_selected(line: bytes) -> bool | None:
        said = json.loads(line)
        text = said["text"]
        return any(name in names for name in (text, *_TOKEN.findall(text), *_cells(text), *_stated(text)))

    return lambda body: _lines(body, is_selected)


class Told:
    """Whom lines of exposures, outcomes and truth are of: values by name, in files that others wrote."""

    def __init__(self, selected: Selected, names: Names, experiment: str = "", day: str = "") -> None:
        """`experiment` says whose files they are, empty for truth; `day` is a selected one, `yyyy/mm/dd`."""
        self._selected = selected
        self._names = names
        self._day = day if experiment else ""
        said = [assignment.asked(name) for name in names.known] if experiment and not day else []
        self._keys = {one.key for one in said if one is not None and one.experiment == experiment}
        """Of whom the selected requests were. A day's keys have other days too."""

    def look(self, key: str) -> Look:
        """How the file of this name is looked at."""
        name, packed = key.removesuffix(".gz"), key.endswith(".gz")
        if name.endswith(".parquet") and not packed:
            return lambda body: _without(body, self.of)
        if not name.endswith(_TEXTS):
            return lambda body: Looked(unread=1, rest=body)

        def look(body: bytes) -> Looked:
            try:
                plain = gzip.decompress(body) if packed else body
            except (OSError, EOFError):
                return Looked(unread=1, rest=body)
            found = self._csv(plain) if name.endswith(".csv") else _lines(plain, self._line)
            if not found.found:
                return Looked(unread=found.unread, rest=body)
            rest = gzip.compress(found.rest, mtime=0) if packed and found.rest else found.rest
            return Looked(found.found, found.unread, rest)

        return look

    def of(self, values: Mapping[str, Any]) -> bool:
        """Whether a line of these values is selected. Raises what its values make it."""
        if values.get(rows.INFERENCE) in self._names or values.get("key") in self._keys:
            return True
        if self._day:
            return _day(values[rows.AT]) == self._day
        column = self._selected.column
        return bool(column) and column in values and self._selected.same(values[column])

    def _line(self, line: bytes) -> bool | None:
        values = json.loads(line)
        if "captureData" in values:
            return values["eventMetadata"].get("inferenceId") in self._names or self._selected(line)
        return self.of(values)

    def _csv(self, body: bytes) -> Looked:
        lines = body.splitlines(keepends=True)
        head = _cells(lines[0].decode("utf-8-sig", "replace")) if lines else []

        def is_selected(line: bytes) -> bool | None:
            return self.of(dict(zip(head, _cells(line.decode()), strict=True)))

        found = _lines(b"".join(lines[1:]), is_selected)
        rest = lines[0] + found.rest if found.rest.strip() else b""
        return Looked(found.found, found.unread, rest)


def _lines(body: bytes, is_selected: Callable[[bytes], bool | None]) -> Looked:
    found, unread, rest = set[bytes](), 0, []
    for line in body.splitlines(keepends=True):
        try:
            told = is_selected(line) if line.strip() else False
        except _ODD:
            told = None
        unread += told is None
        if told:
            found.add(line.strip())
        else:
            rest.append(line)
    left = b"".join(rest)
    return Looked(frozenset(found), unread, left if left.strip() else b"")


def _without(body: bytes, is_selected: Callable[[Mapping[str, Any]], bool], empty: bool = False) -> Looked:
    """A table without the rows that are selected; where all are none, or an `empty` one."""
    try:
        table = parquet.read(body)
        told = table.to_pylist()
        mine = [is_selected(row) for row in told]
    except (pa.ArrowException, OSError, *_ODD):
        return Looked(unread=1, rest=body)
    found = frozenset(_digest(row) for row, gone in zip(told, mine, strict=True) if gone)
    if not found:
        return Looked(rest=body)
    left = table.filter(pa.array([not gone for gone in mine]))
    return Looked(found, 0, parquet.written(left) if left.num_rows or empty else b"")


def _name(line: bytes) -> set[str]:
    try:
        name = json.loads(line)["eventMetadata"].get("inferenceId")
    except _ODD:
        return set()
    return {name} if isinstance(name, str) and name else set()


def _digest(row: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(repr(sorted(row.items())).encode()).digest()


def _cells(text: str) -> list[str]:
    found = next(csv.reader(io.StringIO(text, newline="")), [])
    return [cell.strip() for cell in found]


def _stated(text: str) -> Iterator[str]:
    try:
        yield json.loads(text)["inference_id"]
    except _ODD:
        return


def _day(value: Any) -> str:
    """`yyyy/mm/dd` of a moment: ISO 8601, or seconds since 1970."""
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, int | float):
        moment = datetime.fromtimestamp(value, UTC)
    else:
        moment = datetime.fromisoformat(str(value))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{moment.astimezone(UTC):%Y/%m/%d}"
