"""Marks of hours that are to be read again stay until somebody has read the hours."""

from datetime import timedelta

import pytest

from monitoring.records.hours import Mark
from monitoring.storage.again import clear, mark_again, marked
from release.domain.errors import ServiceError
from tests.monitoring.captured import HOUR
from tests.release.adapters.s3 import FakeS3

NEXT = HOUR + timedelta(hours=1)


def marks(s3: FakeS3, endpoint: str = "delays") -> list[Mark]:
    return list(marked(s3, s3.bucket, endpoint))


def test_hours_are_marked_by_one_write_and_of_their_endpoint_alone():
    s3 = FakeS3()
    left = mark_again(s3, s3.bucket, "delays", [NEXT, HOUR, NEXT])
    assert (marks(s3), left.hours, s3.calls["put"]) == ([left], (HOUR, NEXT), 1)
    assert marks(s3, "delay") == []


def test_a_mark_that_is_left_while_another_one_is_read_stays():
    s3 = FakeS3()
    first = mark_again(s3, s3.bucket, "delays", [HOUR])
    second = mark_again(s3, s3.bucket, "delays", [HOUR])
    clear(s3, s3.bucket, first)
    assert marks(s3) == [second]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"hours": ["noon"]}', b'{"hours": 7}'])
def test_a_damaged_mark_is_refused_with_the_way_on(body):
    s3 = FakeS3()
    s3.write("monitoring/delays/again/x.json", body)
    with pytest.raises(ServiceError, match="damaged") as no:
        marks(s3)
    assert "Delete that object" in no.value.next_step
