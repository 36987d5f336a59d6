"""The same on the sandbox's S3, by boto3: listings, bodies as streams, uploads, conditional puts."""

import gzip
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest

from monitoring.experiments.reading import LONG, Line
from monitoring.records import hours
from monitoring.records.periods import served
from monitoring.storage import files
from monitoring.storage.again import mark_again
from monitoring.storage.rows import RowTables
from monitoring.storage.told import Told
from sandbox.testing import SandboxHandle, start
from tests.monitoring.captured import HOUR, ROW, Scene, line, rows, scores
from tests.release.scenes import ENDPOINT, NAME

pytestmark = pytest.mark.sandbox
NEXT = HOUR + timedelta(hours=1)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    with start(tmp_path_factory.mktemp("sandbox") / "home") as handle:
        yield handle


def test_hours_are_read_once_late_files_are_found_and_of_two_processes_one_keeps(sandbox):
    s3, scene = sandbox.client("s3"), Scene()
    scene.s3 = cast(Any, s3)
    for bucket in ("kept", scene.stage.artifacts.bucket):
        s3.create_bucket(Bucket=bucket)

    def capture(name: str, hour, *lines: bytes) -> None:
        key = f"some/answers/{NAME}/live/{hour:%Y/%m/%d/%H}/{name}.jsonl"
        s3.put_object(Bucket="kept", Key=key, Body=b"\n".join(lines) + b"\n")

    capture("00", HOUR, *(line(rows(ROW), scores(0.5), f"{n}") for n in range(500)))
    capture("00", NEXT, line(rows(ROW), scores(0.25), "next", NEXT), b"half")
    first = scene.monitor()
    assert [(record.hour, record.rows) for record in first.read] == [(HOUR, 500), (NEXT, 1)]
    assert scene.monitor().read == ()
    told = served([], ENDPOINT, scene.pin)
    assert scene.records.read(HOUR, told) is None
    capture("01", HOUR, line(rows(ROW), scores(0.5), "late"))
    assert set(scene.monitor().late) == {HOUR}
    again = scene.monitor(late=True)
    assert ([record.rows for record in again.read], scene.monitor().late) == ([501], {})
    tables = RowTables(s3, scene.stage.artifacts.bucket, ENDPOINT)
    assert sum(batch.num_rows for batch in tables.rows(HOUR, NEXT)) == 501
    kept = s3.list_objects_v2(Bucket=scene.stage.artifacts.bucket, Prefix=f"monitoring/{ENDPOINT}/rows/")
    assert len(kept["Contents"]) == 2, "what nobody goes by any more is deleted"
    assert scene.records.watermark() == NEXT + timedelta(hours=1)
    assert scene.monitor().deciding.hours == 0, "the last look rests on the very hours that there are"
    record = hours.record_key(ENDPOINT, HOUR)
    s3.delete_object(Bucket=scene.stage.artifacts.bucket, Key=record)
    mark_again(s3, scene.stage.artifacts.bucket, ENDPOINT, [HOUR])
    marked = scene.monitor()
    assert ([record.rows for record in marked.read], marked.deciding.hours) == ([501], 2)
    assert (scene.records.marked(), scene.monitor().read) == ([], ())


def test_files_that_callers_left_are_read_line_by_line(sandbox, monkeypatch):
    monkeypatch.setattr(files.blocks, "__defaults__", (100,))
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="told")
    data = b"one\n" + b"x" * 3_000_000 + b"\ntwo"
    for name, body in (("a.jsonl", data), ("b.jsonl.gz", gzip.compress(data)), ("c.txt", data)):
        s3.put_object(Bucket="told", Key=f"x/{name}", Body=body)
    assert list(Told(s3).lines("s3://told/x/")) == [
        line
        for place in ("s3://told/x/a.jsonl", "s3://told/x/b.jsonl.gz")
        for line in (Line(place, 1, b"one"), Line(place, 2, fault=LONG), Line(place, 3, b"two"))
    ]
