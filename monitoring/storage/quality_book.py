"""What is kept of an endpoint's truth, in the stage's bucket.

monitoring/<endpoint>/quality/files/<id>.json              a truth file that was read
monitoring/<endpoint>/quality/quarantine/<id>/<part>.jsonl its lines that are no labels, with their cause
monitoring/<endpoint>/quality/labels/yyyy/mm/dd/hh.parquet the labels of an hour's rows, all of them
monitoring/<endpoint>/quality/waiting.parquet              labels that wait for their row; counts of troubles
monitoring/<endpoint>/quality/days/yyyy-mm-dd.parquet      a day's counts, with all labels that there are
monitoring/<endpoint>/quality/judged/yyyy-mm-dd.parquet    those by which it was judged: written once

What is changed by reading it first (labels, waiting) is written on condition that nobody else did meanwhile.
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
from pydantic import TypeAdapter

from monitoring import hours
from monitoring.quality.days import Day
from monitoring.quality.joining import Held, Key
from monitoring.quality.labels import Label, Rejected
from monitoring.quality.pending import Pending, Waiting
from monitoring.quality.ports import DayCounts, Taken
from monitoring.storage import parquet
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
        ("came", _MOMENT),
    ]
)
_WAITING = _LABELS.append(pa.field("since", _MOMENT)).append(pa.field("early", pa.bool_()))
_PENDING = "waiting.parquet"
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

    def take(self, taken: Taken) -> None:
        """A file is read. The first look that says so counts."""
        self._put(f"files/{taken.file.id}.json", _TAKEN.dump_json(taken), None)

    def set_aside(self, uri: str, rejected: Sequence[Rejected]) -> None:
        """Keep lines of one file that say nothing; the same ones again are the same object."""
        if not rejected:
            return
        lines = [json.dumps({"uri": uri, **asdict(one)}, sort_keys=True) for one in rejected]
        body = "".join(f"{line}\n" for line in lines).encode()
        part = hashlib.sha256(body).hexdigest()[:12]
        self._write(f"quarantine/{rejected[0].source}/{part}.jsonl", body)

    def forget(self, file: str) -> None:
        """A file is to be read again: neither taken nor in quarantine."""
        for key, _ in [*self._listed(f"quarantine/{file}/"), *self._listed(f"files/{file}.json")]:
            self._s3.delete_object(Bucket=self._bucket, Key=key)

    def held(self, hour: datetime) -> tuple[Held, str | None]:
        """The labels of an hour's rows, and their tag."""
        found = self._read(self._key(_hour_key(hour)))
        of: dict[Key, list[Label]] = {}
        for label in _labels(parquet.read(found[0])) if found else ():
            of.setdefault(label.key, []).append(label)
        held = Held({key: tuple(labels) for key, labels in of.items()})
        return held, found[1] if found else None

    def hold(self, hour: datetime, held: Held, tag: str | None) -> bool:
        """Keep the labels of an hour's rows, those of a row in their order."""
        labels = [label for key in sorted(held.of) for label in held.of[key]]
        return self._put(_hour_key(hour), _parquet(_rows(labels), _LABELS), tag)

    def marks(self) -> dict[datetime, str]:
        """The hours that have labels, each with its object's ETag."""
        found = ((_HOUR.search(key), etag) for key, etag in self._listed("labels/"))
        return {hours.parsed(match[1]): etag for match, etag in found if match}

    def pending(self) -> tuple[Pending, str | None]:
        """What waits, and its tag."""
        found = self._read(self._key(_PENDING))
        if found is None:
            return Pending(), None
        table = parquet.read(found[0])
        told = {name.decode(): json.loads(text) for name, text in (table.schema.metadata or {}).items()}
        rows = zip(
            _labels(table.select(_LABELS.names)),
            table.column("since").to_pylist(),
            table.column("early").to_pylist(),
            strict=True,
        )
        against = {datetime.fromisoformat(hour): content for hour, content in told["against"].items()}
        return Pending(tuple(Waiting(*row) for row in rows), against, told["troubles"]), found[1]

    def put_pending(self, pending: Pending, tag: str | None) -> bool:
        """Keep what waits."""
        columns = _rows([one.label for one in pending.waiting])
        columns |= {name: [getattr(one, name) for one in pending.waiting] for name in ("since", "early")}
        against = {hour.isoformat(): content for hour, content in sorted(pending.against.items())}
        told = {"against": json.dumps(against), "troubles": json.dumps(pending.troubles)}
        return self._put(_PENDING, _parquet(columns, _WAITING.with_metadata(told)), tag)

    def days(self) -> dict[date, DayCounts]:
        """The counted days."""
        return self._days("days")

    def count(self, day: date, counts: DayCounts) -> None:
        """Keep a day's counts."""
        self._write(_day_key("days", day), _of_day(counts))

    def judged(self) -> dict[date, DayCounts]:
        """The days as they were when each was judged."""
        return self._days("judged")

    def judge(self, day: date, counts: DayCounts) -> DayCounts:
        """Keep what a day is judged by, once: what the first look kept holds, and is returned."""
        key = _day_key("judged", day)
        if self._put(key, _of_day(counts), None):
            return counts
        found = self._read(self._key(key))
        assert found is not None, "another look has kept it"
        return _counted(found[0])

    def _days(self, folder: str) -> dict[date, DayCounts]:
        found = {}
        for key, etag in self._listed(f"{folder}/"):
            day = date.fromisoformat(key.rsplit("/", 1)[1].removesuffix(".parquet"))
            found[day] = self._parsed(key, etag, _counted)
        return found

    def _listed(self, folder: str) -> Iterator[tuple[str, str]]:
        for item in objects.listed(self._s3, self._bucket, f"{self._place}{folder}"):
            yield item["Key"], item["ETag"].strip('"')

    def _parsed(self, key: str, etag: str, parse: Callable[[bytes], T]) -> T:
        known = self._known.get(key)
        if known is None or known[0] != etag:
            found = self._read(key)
            known = self._known[key] = etag, parse(found[0] if found else b"")
        return known[1]

    def _key(self, name: str) -> str:
        return f"{self._place}{name}"

    def _read(self, key: str) -> tuple[bytes, str] | None:
        return objects.read(self._s3, self._bucket, key)

    def _put(self, name: str, body: bytes, tag: str | None) -> bool:
        self._still()
        return objects.put(self._s3, self._bucket, self._key(name), body, tag)

    def _write(self, name: str, body: bytes) -> None:
        self._still()
        self._s3.put_object(Bucket=self._bucket, Key=self._key(name), Body=body)

    def _still(self) -> None:
        """Asked before every write; outside of `working` nobody is told that somebody writes."""
        if self._held is not None:
            self._held.still()


def _hour_key(hour: datetime) -> str:
    return f"labels/{hours.folder(hour)}.parquet"


def _rows(labels: Sequence[Label]) -> dict[str, list[Any]]:
    return {name: [getattr(label, name) for label in labels] for name in _LABELS.names}


def _labels(table: pa.Table) -> Iterable[Label]:
    return (Label(**row) for row in table.to_pylist())


def _day_key(folder: str, day: date) -> str:
    return f"{folder}/{day.isoformat()}.parquet"


def _of_day(counts: DayCounts) -> bytes:
    columns = {field.name: [getattr(one, field.name) for one in counts.counts] for field in fields(Day)}
    for name in _LISTS:
        columns[name] = [list(map(int, one)) for one in columns[name]]
    told = {"content": counts.content, "repeats": json.dumps(list(counts.repeats))}
    return parquet.written(pa.table(columns).replace_schema_metadata(told))


def _counted(body: bytes) -> DayCounts:
    table = parquet.read(body)
    told = table.schema.metadata or {}
    counts = [_day(row) for row in table.to_pylist()]
    return DayCounts(counts, tuple(json.loads(told[b"repeats"])), told[b"content"].decode())


def _day(row: dict[str, Any]) -> Day:
    lists: dict[str, Any] = {name: np.array(row[name]) for name in _LISTS}
    return Day(**{**row, **lists})


def _parquet(columns: Mapping[str, list[Any]], schema: pa.Schema) -> bytes:
    return parquet.written(pa.table(dict(columns), schema=schema))
