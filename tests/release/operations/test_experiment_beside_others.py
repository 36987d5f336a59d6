"""An experiment holds its own endpoint: another endpoint of the stage goes on, forward and back."""

import pytest

from release.domain.errors import Held, ServiceError
from release.domain.ledger import Opened, Subject
from release.domain.pins import EndpointSettings, Pins
from release.operations.cleanup import cleanup
from release.operations.experiment import running, start, stop
from release.operations.history import history
from release.operations.promote import Order, promote
from release.operations.rollback import rollback
from release.operations.status import status
from release.operations.unlock import unlock
from tests.fakes.world import Told
from tests.release.examples import NEW
from tests.release.operations.experiments import ASKED, ended, stages
from tests.release.rollout.judged_scenes import killed_at
from tests.release.scenes import ENDPOINT, pins_now, sure

OTHER = "fares"
HERE, THERE = Order("prod", endpoint=ENDPOINT), Order("prod", endpoint=OTHER)


def two(stage, live, previous):
    """The stage has another endpoint, which serves these releases."""
    rollout = stage.file.endpoints[ENDPOINT].rollout
    stage.file.endpoints[OTHER] = EndpointSettings(
        live=stage.pin(live), previous=stage.pin(previous), rollout=rollout
    )
    stage.stack.up()


@pytest.fixture
def both(project):
    """The world, and the stage that compares: two endpoints each."""
    dev, prod = stages()
    two(dev, 4, 0)
    two(prod, 3, 1)
    return project(dev, prod), prod


def fares(stage):
    """The other endpoint's pins."""
    return stage.file.endpoints[OTHER].pins


def test_a_promotion_and_a_rollback_of_another_endpoint_go_on(both, told):
    world, prod = both
    found = start(world, HERE, ASKED, told)
    before, here = fares(prod), pins_now(prod)
    promote(world, THERE, told)
    assert (sure(fares(prod).live).release, fares(prod).previous) == (prod.pin(4).release, before.live)
    rollback(world, "prod", OTHER, told)
    assert sure(fares(prod).live).release == sure(before.live).release
    assert pins_now(prod) == here
    assert running(world, "prod", ENDPOINT) == found
    lines = {line.endpoint: line for line in status(world, ["prod"])}
    assert lines[ENDPOINT].rollout.startswith(f"experiment {found.id}")
    assert lines[OTHER].rollout == ""
    assert not any("held by" in note for note in lines[OTHER].notes)
    assert lines[ENDPOINT].disagreements == lines[OTHER].disagreements == []


def test_it_still_holds_its_own_endpoint_and_ends_there(both, told):
    world, prod = both
    began = start(world, HERE, ASKED, told)
    promote(world, THERE, told)
    with pytest.raises(Held, match="An experiment runs on delays in prod"):
        promote(world, Order("prod", endpoint=ENDPOINT, release=began.candidate), told)
    assert stop(world, "prod", ENDPOINT, ended("candidate"), told).serves == began.candidate
    assert sure(pins_now(prod).live).release == began.candidate
    assert prod.ledger.all_open() == []


def test_two_endpoints_may_compare_at_once(both, told):
    world, prod = both
    one, other = start(world, HERE, ASKED, told), start(world, THERE, ASKED, told)
    assert (running(world, "prod", ENDPOINT), running(world, "prod", OTHER)) == (one, other)
    rollback(world, "prod", ENDPOINT, told)
    assert [found.subject.endpoint for found in prod.ledger.all_open()] == [OTHER]
    assert stop(world, "prod", OTHER, ended("candidate"), told).serves == other.candidate


def test_while_another_endpoint_moves_it_runs_and_is_not_ended(both, told):
    world, prod = both
    found = start(world, HERE, ASKED, told)
    assert killed_at(prod, 40, lambda: promote(world, THERE, Told()))
    assert running(world, "prod", ENDPOINT) == found
    with pytest.raises(Held, match=r"promote of .* \(fares\) .* stopped half-way"):
        stop(world, "prod", ENDPOINT, ended("live"), told)
    prod.ledger.living = {prod.ledger.open().owner.pid}
    with pytest.raises(ServiceError, match="is under way here"):
        stop(world, "prod", ENDPOINT, ended("live"), told)
    prod.ledger.living = set()
    promote(world, THERE, told)
    assert stop(world, "prod", ENDPOINT, ended("live"), told).serves == found.live


def test_an_unlock_ends_what_stopped_half_way_and_leaves_it_running(both, told):
    world, prod = both
    found = start(world, HERE, ASKED, told)
    here = pins_now(prod)
    assert killed_at(prod, 40, lambda: promote(world, THERE, Told()))
    unlock(world, "prod", "nobody can finish it", told)
    assert (pins_now(prod), running(world, "prod", ENDPOINT)) == (here, found)


def test_an_unlock_over_damage_leaves_it_running(both, told):
    world, prod = both
    found = start(world, HERE, ASKED, told)
    here = pins_now(prod)
    prod.ledger.unreadable = {2}
    prod.new_process()
    done = unlock(world, "prod", "nobody has that entry", told)
    assert (done.rollout, done.damage) == ("", ("entry 2 is missing",))
    assert (pins_now(prod), running(world, "prod", ENDPOINT)) == (here, found)


def test_one_unlock_ends_all_that_is_at_work_and_no_experiment(both, told):
    """Two at work were let in by an earlier version."""
    world, prod = both
    start(world, HERE, ASKED, told)
    left = [at_work(prod, endpoint, f"left-{endpoint}") for endpoint in (OTHER, "third")]
    assert unlock(world, "prod", "nobody can finish them", told).rollout == (
        f"promote of {NEW} (fares) at opened and the promote of {NEW} (third) at opened"
    )
    assert [found.subject.kind for found in prod.ledger.all_open()] == ["experiment"]
    ends = {line.rollout: line.end for line in history(world, "prod", None).rollouts}
    assert {ends[rollout] for rollout in left} == {"unlocked"}


def at_work(stage, endpoint, rollout):
    """A rollout that its process left when it was opened."""
    subject = Subject(kind="promote", endpoint=endpoint, release=NEW, rollout=rollout)
    before = stage.file.endpoints[endpoint].pins if endpoint in stage.file.endpoints else Pins()
    stage.ledger.append(subject, Opened(before=before, after=before))
    stage.new_process()
    return rollout


def test_nothing_is_cleaned_up_while_it_runs(both, told):
    world, _ = both
    start(world, HERE, ASKED, told)
    promote(world, THERE, told)
    with pytest.raises(Held, match="An experiment runs on delays"):
        cleanup(world, "prod", True, 0.0, told)
