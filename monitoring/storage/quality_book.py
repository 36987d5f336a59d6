"""What is kept of an endpoint's truth, in the stage's bucket.

monitoring/<endpoint>/quality/files/<id>.json              a truth file that was read, and what it held
monitoring/<endpoint>/quality/quarantine/<id>/<part>.jsonl its lines that are no labels, with their cause
monitoring/<endpoint>/quality/labels/yyyy/mm/dd/hh.parquet the labels of an hour's rows, all of them
monitoring/<endpoint>/quality/waiting.parquet              labels whose row is not there yet
monitoring/<endpoint>/quality/days/yyyy-mm-dd.parquet      a day's counts
"""

import hashlib
import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from monitoring import hours
from monitoring.quality.days import Day
from monitoring.quality.joining import Held, Key
from monitoring.quality.labels import Label, Rejected
from monitoring.quality.ports import Taken, Waiting
from monitoring.storage.lock import Holder, RecordsLock
from release.adapters import objects

T = TypeVar("T")
_TAKEN = TypeAdapter(Taken)
_MOMENT = pa.timestamp("us", "UTC")
_LABELS = pa.schema(
    [
        ("inference", pa.string()),
        ("row", pa.int64()),
        ("outcome", pa.int8()),
        ("observed", _MOMENT),
        ("corrects", pa.bool_()),
        ("source", pa.string()),
        ("line", pa.int64()),
    ]
)
_WAITING = _LABELS.append(pa.field("since", _MOMENT))
_LISTS = ("positive", "negative", "ages")
_HOUR = re.compile(r"/labels/(\d{4}/\d\d/\d\d/\d\d)\.parquet$")


class QualityBook:
    """The truth of one endpoint as `monitoring.quality.ports.Book`. Methods may raise boto3's errors."""

    def __init__(self, s3: Any, bucket: str, endpoint: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._place = f"{hours.place(endpoint)}quality/"
        self._lock = RecordsLock(s3, bucket, endpoint)
        self._held: Holder | None = None
        self._known: dict[str, tuple[str, Any]] = {}
        """What an object's content of this ETag was read as: it is read once."""

    @contextmanager
    def working(self) -> Generator[None]:
        """While labels are read and written: nothing is forgotten meanwhile."""
        with self._lock.shared("A look at quality") as held:
            self._held = held
            try:
                yield
            finally:
                self._held = None

    def taken(self) -> dict[str, Taken]:
        """The files that were read, by id."""
        found = (self._parsed(key, etag, _TAKEN.validate_json) for key, etag in self._listed("files/"))
        return {one.file.id: one for one in found}

    def take(self, taken: Taken, rejected: Sequence[Rejected]) -> None:
        """A file is read. What is no label is kept first: of a file that is taken nothing is missing."""
        if rejected:
            lines = [json.dumps({"uri": taken.file.uri, **asdict(one)}, sort_keys=True) for one in rejected]
            body = "".join(f"{line}\n" for line in lines).encode()
            part = hashlib.sha256(body).hexdigest()[:12]
            self._write(f"quarantine/{taken.file.id}/{part}.jsonl", body)
        self._write(f"files/{taken.file.id}.json", _TAKEN.dump_json(taken))

    def forget(self, file: str) -> None:
        """A file is to be read again: neither taken nor in quarantine."""
        for key, _ in [*self._listed(f"quarantine/{file}/"), *self._listed(f"files/{file}.json")]:
            self._s3.delete_object(Bucket=self._bucket, Key=key)

    def held(self, hour: datetime) -> Held:
        """The labels of an hour's rows."""
        body = self._read(f"{self._place}{_hour_key(hour)}")
        of: dict[Key, list[Label]] = {}
        for label in _labels(_table(body)) if body else ():
            of.setdefault(label.key, []).append(label)
        return Held({key: tuple(found) for key, found in of.items()})

    def hold(self, hour: datetime, held: Held) -> None:
        """Keep the labels of an hour's rows, those of a row in their order."""
        labels = [label for key in sorted(held.of) for label in held.of[key]]
        self._write(_hour_key(hour), _parquet(_rows(labels), _LABELS))

    def marks(self) -> dict[datetime, str]:
        """The hours that have labels, each with its object's ETag."""
        found = ((_HOUR.search(key), etag) for key, etag in self._listed("labels/"))
        return {hours.parsed(match[1]): etag for match, etag in found if match}

    def waiting(self) -> tuple[list[Waiting], dict[datetime, str]]:
        """The labels that wait, and the hours' contents that they were held against."""
        body = self._read(f"{self._place}waiting.parquet")
        if body is None:
            return [], {}
        table = _table(body)
        against = json.loads((table.schema.metadata or {})[b"against"])
        since = table.column("since").to_pylist()
        labels = _labels(table.select(_LABELS.names))
        found = [Waiting(label, moment) for label, moment in zip(labels, since, strict=True)]
        return found, {datetime.fromisoformat(hour): content for hour, content in against.items()}

    def wait(self, waiting: Sequence[Waiting], against: Mapping[datetime, str]) -> None:
        """Keep the labels that wait."""
        columns = _rows([one.label for one in waiting]) | {"since": [one.since for one in waiting]}
        hours = json.dumps({hour.isoformat(): content for hour, content in sorted(against.items())})
        self._write("waiting.parquet", _parquet(columns, _WAITING.with_metadata({"against": hours})))

    def days(self) -> dict[date, tuple[str, list[Day]]]:
        """The counted days, each with a name of what it was counted from."""
        found = {}
        for key, etag in self._listed("days/"):
            day = date.fromisoformat(key.rsplit("/", 1)[1].removesuffix(".parquet"))
            found[day] = self._parsed(key, etag, _counted)
        return found

    def count(self, day: date, content: str, counts: Sequence[Day]) -> None:
        """Keep a day's counts."""
        columns = {field.name: [getattr(one, field.name) for one in counts] for field in fields(Day)}
        for name in _LISTS:
            columns[name] = [list(map(int, one)) for one in columns[name]]
        table = pa.table(columns).replace_schema_metadata({"content": content})
        self._write(f"days/{day.isoformat()}.parquet", _written(table))

    def _listed(self, folder: str) -> Iterator[tuple[str, str]]:
        for item in objects.listed(self._s3, self._bucket, f"{self._place}{folder}"):
            yield item["Key"], item["ETag"].strip('"')

    def _parsed(self, key: str, etag: str, parse: Callable[[bytes], T]) -> T:
        known = self._known.get(key)
        if known is None or known[0] != etag:
            known = self._known[key] = etag, parse(self._read(key) or b"")
        return known[1]

    def _read(self, key: str) -> bytes | None:
        found = objects.read(self._s3, self._bucket, key)
        return found[0] if found else None

    def _write(self, key: str, body: bytes) -> None:
        if self._held is not None:
            self._held.still()
        self._s3.put_object(Bucket=self._bucket, Key=f"{self._place}{key}", Body=body)


def _hour_key(hour: datetime) -> str:
    return f"labels/{hours.folder(hour)}.parquet"


def _rows(labels: Sequence[Label]) -> dict[str, list[Any]]:
    return {name: [getattr(label, name) for label in labels] for name in _LABELS.names}


def _labels(table: pa.Table) -> Iterable[Label]:
    return (Label(**row) for row in table.to_pylist())


def _counted(body: bytes) -> tuple[str, list[Day]]:
    table = _table(body)
    content = (table.schema.metadata or {})[b"content"].decode()
    return content, [_day(row) for row in table.to_pylist()]


def _day(row: dict[str, Any]) -> Day:
    lists: dict[str, Any] = {name: np.array(row[name]) for name in _LISTS}
    return Day(**{**row, **lists})


def _parquet(columns: Mapping[str, list[Any]], schema: pa.Schema) -> bytes:
    return _written(pa.table(dict(columns), schema=schema))


def _written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _table(body: bytes) -> pa.Table:
    return pq.read_table(pa.BufferReader(body))
