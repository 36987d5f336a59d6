"""The same on the sandbox's S3, by boto3: listings, bodies as streams, uploads, conditional puts."""

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import pytest

from monitoring.experiments.reading import LONG, Line
from monitoring.records import hours
from monitoring.records.periods import served
from monitoring.storage import files
from monitoring.storage.again import mark_again
from monitoring.storage.lock import Lease, RecordsLock
from monitoring.storage.rows import RowTables
from monitoring.storage.told import Told
from release.domain.errors import ServiceError
from sandbox.testing import SandboxHandle, start
from tests.conftest import ROOT
from tests.monitoring.captured import HOUR, ROW, Scene, line, rows, scores
from tests.release.scenes import ENDPOINT, NAME
from tests.sandbox.world import wait_for

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


SECONDS = 20.0
LEASE = Lease(timedelta(seconds=SECONDS), timedelta(seconds=1))
HOLDS = """
import sys, boto3
from datetime import timedelta
from monitoring.storage.lock import Lease, RecordsLock
from release.domain.errors import ServiceError
s3 = boto3.client("s3")
lease = Lease(timedelta(seconds=float(sys.argv[2])), timedelta(seconds=1))
lock = RecordsLock(s3, "locked", sys.argv[1], reading=lease)
with lock.shared("A reading"):
    print("held", flush=True)
    for line in sys.stdin:
        try:
            s3.put_object(Bucket="locked", Key=f"{sys.argv[1]}-{line.strip()}", Body=b"")
            print("written", flush=True)
        except ServiceError:
            print("refused", flush=True)
"""
"""A process that reads captured records, and writes an object for each line that it is told."""


@dataclass
class Reader:
    """That process."""

    process: subprocess.Popen[str]

    def writes(self, name: str) -> str:
        """What becomes of a write."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        return self.said()

    def said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture
def reader(sandbox, request) -> Iterator[Reader]:
    """A reader of the endpoint that is called as the test."""
    sandbox.client("s3").create_bucket(Bucket="locked")
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, request.node.name, str(SECONDS)],
        env=os.environ | sandbox.env,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        found = Reader(process)
        assert found.said() == "held"
        yield found
        process.kill()


def forgets(sandbox: SandboxHandle, endpoint: str) -> bool:
    """Whether records may be forgotten now."""
    with suppress(ServiceError):
        with RecordsLock(sandbox.client("s3"), "locked", endpoint, reading=LEASE).exclusive("an order"):
            return True
    return False


@pytest.mark.kill
@pytest.mark.long
def test_a_killed_reader_keeps_nobody_from_forgetting_for_longer_than_its_lease(sandbox, reader, request):
    name = request.node.name
    begun = time.monotonic()
    while time.monotonic() < begun + 1.5 * SECONDS:
        assert not forgets(sandbox, name), "one that lives goes on saying so"
    reader.process.kill()
    reader.process.wait()
    killed = time.monotonic()
    assert not forgets(sandbox, name)
    wait_for(lambda: forgets(sandbox, name), "the lease to be over")
    assert time.monotonic() - killed < 3 * SECONDS


@pytest.mark.kill
@pytest.mark.long
def test_a_reader_that_stood_still_meanwhile_writes_nothing_of_what_it_read(sandbox, reader, request):
    name = request.node.name
    assert reader.writes("before") == "written"
    reader.process.send_signal(signal.SIGSTOP)
    wait_for(lambda: forgets(sandbox, name), "the lease to be over")
    reader.process.send_signal(signal.SIGCONT)
    assert reader.writes("after") == "refused"
    keys = [one["Key"] for one in sandbox.client("s3").list_objects_v2(Bucket="locked")["Contents"]]
    assert f"{name}-before" in keys
    assert f"{name}-after" not in keys
