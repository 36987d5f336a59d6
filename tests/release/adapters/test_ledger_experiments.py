"""An experiment that runs, in a bucket's ledger: found behind all that other endpoints did since."""

import pytest

from release.domain.errors import Damaged
from release.domain.experiment import Concluded, Experiment
from release.domain.ledger import Closed, End, Entered, Opened, Phase, Resumed, Subject
from tests.release.adapters.ledgers import CREATING, MOVING, OPENED, REFUSED, key, process
from tests.release.adapters.s3 import FakeS3
from tests.release.examples import NEW, NEXT, OLD, pins

ASKED = Experiment(outcome="on_time", base=0.2, minimum=0.02)
COMPARES = Opened(before=pins(OLD), after=pins(NEW, OLD), experiment=ASKED)
RUNS = Entered(event=Phase.EXPERIMENTING, step=2)
LANDED = Closed(event=End.LANDED)


def about(endpoint: str, rollout: str) -> Subject:
    return Subject(kind="experiment", endpoint=endpoint, release=NEW, rollout=rollout)


HERE = about("delays", "e1")
THERE = Subject(kind="promote", endpoint="fares", release=NEXT, rollout="r1")


def written(s3, subject, *whats):
    """What a process of its own appends."""
    store = process(s3)
    for what in whats:
        store.append(subject, what)


def moved_often(s3, times):
    """Another endpoint's rollouts, each by a process of its own."""
    for number in range(times):
        subject = THERE.model_copy(update={"rollout": f"r{number}"})
        written(s3, subject, OPENED, CREATING, MOVING, REFUSED, LANDED)


@pytest.fixture
def s3():
    found = FakeS3()
    moved_often(found, 2)
    written(found, HERE, COMPARES, CREATING, MOVING, REFUSED, RUNS)
    return found


@pytest.mark.parametrize("times", [0, 1, 30])
def test_it_is_found_behind_all_that_others_did_since(s3, times):
    moved_often(s3, times)
    s3.calls.clear()
    store = process(s3)
    found = store.open("delays")
    assert found is not None
    assert (found.id, found.phase, found.step, found.rests) == ("e1", Phase.EXPERIMENTING, 2, True)
    assert s3.calls["get"] < 12, "the ledger is not read through"
    assert store.open("fares") is None
    assert [one.id for one in store.all_open()] == ["e1"]


def test_a_rollout_at_work_holds_the_stage_and_it_runs_on(s3):
    written(s3, THERE.model_copy(update={"rollout": "r9"}), OPENED, CREATING)
    store = process(s3)
    for endpoint in ("delays", "fares", None):
        found = store.open(endpoint)
        assert found is not None
        assert (found.id, found.phase) == ("r9", Phase.CREATING)
    assert [one.id for one in store.all_open()] == ["e1", "r9"]


def test_two_run_at_once_and_one_that_ends_leaves_the_other(s3):
    written(s3, about("fares", "e2"), COMPARES, MOVING, RUNS)
    moved_often(s3, 3)
    assert [one.id for one in process(s3).all_open()] == ["e1", "e2"]
    written(s3, HERE, Concluded(keep="live", because="no"), Entered(event=Phase.REVERTING), LANDED)
    moved_often(s3, 3)
    assert [one.id for one in process(s3).all_open()] == ["e2"]


def test_one_that_is_being_ended_holds_the_stage_again(s3):
    moved_often(s3, 1)
    written(s3, HERE, Concluded(keep="candidate", because="better"))
    found = process(s3).open("fares")
    assert found is not None
    assert (found.id, found.rests) == ("e1", False)
    written(s3, HERE, Resumed(), Entered(event=Phase.MOVING, step=3))
    found = process(s3).open("fares")
    assert found is not None
    assert (found.id, found.phase, found.step) == ("e1", Phase.MOVING, 3)


def test_a_damaged_one_is_told_and_passed_over_by_a_way_back(s3):
    moved_often(s3, 1)
    del s3.objects[key(11)]
    with pytest.raises(Damaged):
        process(s3).open("delays")
    store = process(s3)
    store.pass_over_damage()
    assert store.open("fares") is None
