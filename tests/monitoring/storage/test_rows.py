"""The rows of hours that were read, for whoever joins or replays them."""

from datetime import timedelta

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError

from monitoring.storage import newest
from monitoring.storage.rows import RowTables
from tests.monitoring.captured import HOUR, ROW, Scene, line, rows, scores
from tests.release.scenes import ENDPOINT

NEXT = HOUR + timedelta(hours=1)


def test_rows_come_as_they_were_answered_with_the_columns_that_are_asked_for():
    scene = Scene()
    scene.capture(line(rows(ROW, ROW | {"distance": 8}), scores(0.1, None), "a", inference="order-7"))
    scene.capture(line(rows(ROW), scores(0.3), "b", NEXT), hour=NEXT)
    scene.monitor()
    tables = RowTables(scene.s3, scene.stage.artifacts.bucket, ENDPOINT)
    names = ("event_id", "inference_id", "row", "at", "variant", "release", "score", "distance", "nothing")
    first = pa.Table.from_batches(list(tables.rows(HOUR, NEXT, names))).to_pylist()
    same = {"event_id": "a", "inference_id": "order-7", "at": HOUR, "variant": "live"}
    same["release"] = scene.pin.release
    assert first == [
        same | {"row": 0, "score": 0.1, "distance": 7.0},
        same | {"row": 1, "score": None, "distance": 8.0},
    ]
    whole = pa.Table.from_batches(list(tables.rows(HOUR, NEXT + timedelta(hours=1)))).to_pylist()
    assert [(row["event_id"], row["carrier"], row["gust"]) for row in whole] == [
        ("a", "UA", None),
        ("a", "UA", None),
        ("b", "UA", None),
    ]


def test_rows_that_are_gone_leave_those_that_are_there():
    """Tables go after `capture_days`, and the records of their hours do not."""
    scene = Scene()
    for hour in (HOUR, NEXT):
        scene.capture(line(rows(ROW), scores(0.1), "a", hour), hour=hour)
    scene.monitor()
    gone, _ = scene.kept("rows")
    scene.s3.write(gone, None)
    tables = RowTables(scene.s3, scene.stage.artifacts.bucket, ENDPOINT)
    end = NEXT + timedelta(hours=1)
    assert [len(batch) for batch in tables.rows(HOUR, end)] == [1]
    assert newest.answered(tables, scene.pin.release, end)[0] == 1
    scene.s3.denied = "monitoring/"
    with pytest.raises(ClientError, match="AccessDenied"):
        list(tables.rows(HOUR, end))
