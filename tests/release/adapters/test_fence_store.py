"""Fences in a bucket: one object a release, and no writer undoes another's."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from release.adapters.fence_store import FenceStore
from release.adapters.records import ATTEMPTS
from release.domain import fence
from release.domain.errors import ServiceError
from release.domain.fence import Clearing, Fence
from tests.release.adapters.s3 import FakeS3, refusal
from tests.release.examples import AT, NEW, OLD

KEY = f"fences/{NEW}.json"
MARK = Fence(release=NEW, stage="prod", reason="no ping", by="ci@here", at=AT, rollout="r1")
CLEARING = Clearing(by="ada", at=AT, reason="good after all")


@pytest.fixture
def s3():
    return FakeS3()


@pytest.fixture
def store(s3):
    return FenceStore(cast(Any, SimpleNamespace(client=lambda service: s3)), "bucket")


def put(known):
    return fence.put(known, MARK)


def test_what_was_put_is_read_and_listed(s3, store):
    assert (store.of(NEW), store.all()) == (None, [])
    assert store.change(NEW, put) == MARK
    s3.objects["fences/README"] = b"not ours"
    assert (store.of(NEW), store.of(OLD), store.all()) == (MARK, None, [MARK])


def test_written_twice_is_one_write(s3, store):
    store.change(NEW, put)
    s3.calls.clear()
    store.change(NEW, put)
    assert s3.calls == {"get": 1}


@pytest.mark.parametrize("there", [True, False])
def test_of_two_writers_neither_undoes_the_other(s3, store, there):
    """Somebody clears the fence, or puts one of his own, between this one's read and its write."""
    if there:
        store.change(NEW, put)
    other = MARK.model_copy(update={"cleared": CLEARING})
    s3.before_put.append(lambda key, body: s3.objects.update({KEY: other.model_dump_json().encode()}))
    again = MARK.model_copy(update={"rollout": "r2"})
    kept = store.change(NEW, lambda known: fence.clear(known, CLEARING) if there else fence.put(known, again))
    assert kept == store.of(NEW)
    assert kept is not None
    assert kept.cleared == CLEARING if there else kept.earlier == (other,)


def test_one_that_never_gets_through_says_so(s3, store):
    store.change(NEW, put)
    changes = iter(range(ATTEMPTS + 1))

    def overtake(key, body):
        s3.objects[KEY] = MARK.model_copy(update={"reason": f"{next(changes)}"}).model_dump_json().encode()

    s3.before_put += [overtake] * ATTEMPTS
    with pytest.raises(ServiceError, match="Others keep changing the fence"):
        store.change(NEW, lambda known: fence.clear(known, CLEARING))


def test_a_stage_without_a_bucket_has_none(s3, store):
    assert store.exists()
    s3.bucket = ""
    assert (store.exists(), store.of(NEW), store.all()) == (False, None, [])


def test_what_cannot_be_read_is_no_missing_fence(s3, store):
    s3.objects[KEY] = b"{}"
    with pytest.raises(ServiceError, match="cannot be read"):
        store.of(NEW)


def test_an_error_of_aws_is_explained(s3, store, monkeypatch):
    def refuse(**request):
        raise refusal("AccessDenied", 403)

    monkeypatch.setattr(s3, "get_object", refuse)
    with pytest.raises(ServiceError, match=r"AWS refused: .*AccessDenied"):
        store.of(NEW)
