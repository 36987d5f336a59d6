"""Nobody writes what was read before a deletion: of readers and one who forgets, one side gives way."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.storage.lock import FORGETTING, READING, RecordsLock
from release.domain.errors import ServiceError
from tests.release.adapters.s3 import FakeS3

START = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = "monitoring/delays/lock/"


class Stage:
    """A bucket whose clock, and every process's, a test turns."""

    def __init__(self) -> None:
        self.s3 = FakeS3()
        self.now = START
        self.s3.clock = lambda: self.now

    def lock(self, endpoint: str = "delays", s3: FakeS3 | None = None) -> RecordsLock:
        """As a process has it, by a client of its own."""
        return RecordsLock(s3 or self.s3.another(), self.s3.bucket, endpoint, lambda: self.now.timestamp())

    def held(self) -> list[str]:
        return sorted(key for key in self.s3.objects if key.startswith(PLACE))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_many_read_at_once_and_leave_nothing(stage):
    with stage.lock().shared("A reading"), stage.lock().shared("A reading"):
        assert len(stage.held()) == 2
    assert stage.held() == []


def test_nobody_forgets_while_somebody_reads_of_the_same_endpoint(stage):
    with stage.lock().shared("A reading"):
        with pytest.raises(ServiceError, match="A reading of delays is at work"):
            with stage.lock().exclusive("an order"):
                pytest.fail("it began")
        with stage.lock("fares").exclusive("an order"):
            pass
    with stage.lock().exclusive("an order"):
        pass
    assert stage.held() == []


def test_nobody_reads_while_somebody_forgets(stage):
    with stage.lock().exclusive("an order"):
        with pytest.raises(ServiceError, match="being forgotten"):
            with stage.lock().shared("A reading"):
                pytest.fail("it began")
        assert stage.held() == [f"{PLACE}exclusive.json"]
    with stage.lock().shared("A reading"):
        pass


def test_of_two_that_begin_together_one_gives_way(stage):
    """A reader comes between the first look of who forgets and its word."""
    came = []

    def between(key: str, body: bytes) -> None:
        reading = stage.lock().shared("A reading")
        reading.__enter__()
        came.append(reading)

    stage.s3.before_put.append(between)
    with pytest.raises(ServiceError, match="at work"), stage.lock().exclusive("an order"):
        pytest.fail("both are at work")
    assert len(came) == 1


def test_the_same_order_takes_over_from_a_dead_process_and_another_one_waits(stage):
    dead = stage.lock().exclusive("an order")
    before = dead.__enter__()
    with pytest.raises(ServiceError, match="another process"), stage.lock().exclusive("another order"):
        pytest.fail("two orders are at work")
    with stage.lock().exclusive("an order"):
        with pytest.raises(ServiceError, match="counts as dead"):
            before.still(certainly=True)
        dead.__exit__(None, None, None)
        assert stage.held() == [f"{PLACE}exclusive.json"], "it ends its own alone"
    stage.lock().exclusive("an order").__enter__()
    stage.now += FORGETTING.dead_after
    with stage.lock().exclusive("another order"):
        pass


def test_a_reader_that_counts_as_dead_finds_it_before_it_writes(stage):
    reading = stage.lock().shared("A reading")
    held = reading.__enter__()
    stage.now += READING.dead_after
    with stage.lock().exclusive("an order"):
        with pytest.raises(ServiceError, match=re.escape("what it read is not written")):
            held.still()


def test_who_says_that_it_lives_never_counts_as_dead(stage):
    with stage.lock().shared("A reading") as held:
        for _ in range(3):
            stage.now += READING.gives_up_after - timedelta(seconds=1)
            held.still()
        with pytest.raises(ServiceError, match="at work"), stage.lock().exclusive("an order"):
            pytest.fail("it began")
        puts = stage.s3.calls["put"]
        stage.now += READING.said_every - timedelta(seconds=1)
        held.still()
        assert stage.s3.calls["put"] == puts, "it costs nothing where it was said just now"


def test_a_reader_gives_up_clearly_before_others_take_it_for_dead(stage):
    """Its clock and S3's are two, and a write takes some time."""
    with stage.lock().shared("A reading") as held:
        stage.now += READING.gives_up_after
        with pytest.raises(ServiceError, match="at work"), stage.lock().exclusive("an order"):
            pytest.fail("it began")
        with pytest.raises(ServiceError, match="counts as dead"):
            held.still()


@pytest.mark.parametrize("late", [READING.gives_up_after, READING.dead_after, timedelta(days=1)])
def test_no_write_of_a_reader_is_sent_that_was_silent_for_so_long(stage, late):
    """One that stood still between its last look and the write: it is not asked again before."""
    with stage.lock(s3=stage.s3).shared("A reading") as held:
        held.still()
        stage.s3.put_object(Bucket="bucket", Key="in-time", Body=b"")
        stage.now += late
        with pytest.raises(ServiceError, match="what it read is not written"):
            stage.s3.put_object(Bucket="bucket", Key="late", Body=b"")
    stage.s3.put_object(Bucket="bucket", Key="afterwards", Body=b"")
    assert {"in-time", "afterwards"} <= stage.s3.objects.keys()
    assert "late" not in stage.s3.objects
