"""A retrain's sign of life lies beside the rollouts' own, and neither speaks for the other."""

from datetime import timedelta

import pytest

from release.domain import retraining
from release.domain.names import HEARTBEAT, retrain_heartbeat
from release.domain.retrained import Asked
from tests.release.adapters.ledgers import OPENED, SUBJECT, process
from tests.release.adapters.s3 import FakeS3
from tests.release.examples import NEW, OTHER
from tests.release.test_retraining import ASKED

KEY = retrain_heartbeat("delays")
OF_RETRAIN = SUBJECT.model_copy(update={"kind": "retrain", "rollout": "t1"})


@pytest.fixture
def s3():
    return FakeS3()


def asked(s3, owner=OTHER, what: Asked = ASKED):
    """A retrain that a process elsewhere began, as this one reads it."""
    process(s3, owner).append(OF_RETRAIN, what)
    store = process(s3)
    found = retraining.unended(retraining.fold(store.latest(None), "delays"))
    assert found is not None
    assert (found.id, found.champion, found.owner) == ("t1", NEW, owner)
    return store, found


@pytest.mark.parametrize(("waited", "alive"), [(1, True), (59, True), (61, False)])
def test_one_elsewhere_lives_as_long_as_its_own_heart_beats(s3, waited, alive):
    store, found = asked(s3)
    with process(s3, OTHER).heartbeat("t1", "delays"):
        pass
    s3.modified[KEY] -= timedelta(seconds=waited)
    assert store.alive(found) is alive


def test_the_heartbeat_of_a_rollout_or_of_another_retrain_is_none_of_it(s3):
    store, found = asked(s3)
    with process(s3, OTHER).heartbeat("t1"):
        pass
    assert not store.alive(found)
    with process(s3, OTHER).heartbeat("t0", "delays"), process(s3, OTHER).heartbeat("t1", "toys"):
        pass
    assert not store.alive(found)


def test_a_rollout_beside_it_is_alive_by_its_own(s3):
    asked(s3)
    store = process(s3, OTHER)
    store.open()
    store.append(SUBJECT, OPENED)
    with store.heartbeat("t1", "delays"):
        pass
    mine = process(s3)
    rollout = mine.open()
    assert rollout is not None
    assert not mine.alive(rollout)
    with store.heartbeat("r1"), store.heartbeat("t1", "delays"):
        pass
    assert mine.alive(rollout)
    assert {HEARTBEAT, KEY} <= s3.objects.keys()
