"""The same on the sandbox's S3, by boto3: listings, bodies as streams, uploads, conditional puts."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest

from monitoring.records import hours
from monitoring.records.periods import served
from monitoring.storage.again import mark_again
from monitoring.storage.rows import RowTables
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
