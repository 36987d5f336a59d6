"""Findings in a bucket: one object each, and of two who notice the same thing at once it is opened once."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from monitoring.alerts.kept import Kept
from monitoring.storage.findings import FindingStore, record_store
from release.domain.errors import ServiceError
from tests.fakes.findings import BEGAN, PERSON, finding
from tests.release.adapters.s3 import FakeS3

KEY = f"findings/{finding().id}.json"


@pytest.fixture
def s3():
    return FakeS3()


@pytest.fixture
def store(s3):
    aws = cast(Any, SimpleNamespace(client=lambda service: s3))
    return FindingStore(record_store(aws, "bucket"), {}, lambda: PERSON, lambda: BEGAN)


def test_what_was_noted_is_read_again_as_it_was(s3, store):
    (opened,) = store.note([finding(1)]).opened
    assert list(s3.objects) == [KEY]
    assert store.open() == [opened] == [Kept.model_validate_json(s3.objects[KEY])]


def test_noticed_by_two_at_once_it_is_opened_once_and_counted_twice(s3, store):
    """The other one's record comes between this one's read and its write."""
    other = FakeS3()
    aws = cast(Any, SimpleNamespace(client=lambda service: other))
    FindingStore(record_store(aws, "bucket"), {}, lambda: PERSON, lambda: BEGAN).note([finding(1)])
    s3.before_put.append(lambda key, body: s3.objects.update(other.objects))
    noted = store.note([finding(2)])
    assert ([one.id for one in noted.again], list(noted.opened)) == ([finding().id], [])
    (kept,) = store.open()
    assert (kept.seen, [one.what for one in kept.notices]) == (2, ["opened"])


def test_a_record_that_cannot_be_read_is_refused_with_the_way_to_restore_it(s3, store):
    s3.objects[KEY] = b"{}"
    with pytest.raises(ServiceError) as no:
        store.note([finding(1)])
    assert "Restore s3://bucket/findings/" in no.value.next_step
