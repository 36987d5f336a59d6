"""Who watches an experiment is one process, and who ends it or moves another endpoint is another."""

from contextlib import contextmanager, suppress

import pytest

from release.domain.errors import ReleaseFailed, SlipwayError
from release.domain.ledger import Closed, End
from release.operations.experiment import start, stop, watch
from release.operations.promote import promote
from release.operations.rollback import rollback
from tests.fakes.ledger import process
from tests.fakes.world import EPOCH, Told
from tests.release.operations.experiments import ASKED, begun, ended, fenced, sicken, stages, weights
from tests.release.operations.test_experiment_beside_others import HERE, THERE, fares, two
from tests.release.rollout.judged_scenes import at_second, killed_at, opened
from tests.release.scenes import ENDPOINT, as_before, config_of, pins_now, serves, sure


@contextmanager
def another_process(stage, pid=90):
    """What is done inside is done by somebody else."""
    mine, stage.ledger.owner = stage.ledger.owner, process(pid)
    yield
    stage.ledger.owner = mine


def after_its_end(stage, rollout):
    """What the ledger has of a rollout after the entry that closed it."""
    events = [stored.entry for stored in stage.ledger.stored if stored.entry.subject.rollout == rollout]
    closed = [place for place, entry in enumerate(events) if isinstance(entry.what, Closed)]
    return [entry.what.event for entry in events[closed[0] + 1 :]] if closed else []


def until_judged(project):
    """How many moments a watch has until it writes that the judge said FAIL."""
    dev, prod = stages()
    world = project(dev, prod)
    sicken(prod, begun(world).candidate)
    prod.trouble.plan(None, None)
    moments: list[int] = []
    prod.trouble.watch.append(
        lambda: (
            moments.append(prod.trouble.moments) if prod.trouble.calls[-1:] == ["ledger: judged"] else None
        )
    )
    with pytest.raises(ReleaseFailed):
        watch(world, "prod", None, Told())
    return moments[0]


@pytest.mark.parametrize("how", ["stop", "rollback"])
def test_whoever_ends_it_while_the_judge_says_fail_ends_it_once(project, how):
    last = until_judged(project)
    for moment in range(last - 9, last + 6):
        dev, prod = stages()
        world = project(dev, prod)
        before, began = pins_now(prod), begun(world)
        sicken(prod, began.candidate)
        done: list[str] = []

        def other(world=world, prod=prod, done=done):
            ends = {
                "stop": lambda: stop(world, "prod", None, ended("live"), Told()),
                "rollback": lambda: rollback(world, "prod", None, Told()),
            }
            with another_process(prod), suppress(SlipwayError):
                ends[how]()
                done.append(how)

        prod.trouble.plan(moment, other)
        with suppress(SlipwayError):
            watch(world, "prod", None, Told())
        prod.trouble.plan(None, None)
        prod.new_process()
        if prod.ledger.current is not None:
            rollback(world, "prod", None, Told())
        as_before(prod, before)
        assert after_its_end(prod, began.id) == [], moment
        assert fenced(prod, began.candidate) == (done != ["stop"]), moment


@pytest.fixture
def both(project):
    """The world, and the stage that compares: two endpoints each."""
    dev, prod = stages()
    two(dev, 4, 0)
    two(prod, 3, 1)
    return project(dev, prod), prod


def test_what_the_judge_fails_gets_no_traffic_at_once_and_waits_for_the_rollout_at_work(both, told):
    """The ledger is that one's until it has ended; the candidate's traffic is the experiment's own."""
    world, prod = both
    before, began = pins_now(prod), start(world, HERE, ASKED, told)
    assert killed_at(prod, 40, lambda: promote(world, THERE, Told()))
    entries = len(prod.ledger.stored)
    sicken(prod, began.candidate)
    seen: list[tuple[float, list[str]]] = []

    def goes_on():
        seen.append((weights(prod)["candidate"], prod.ledger.events[entries:]))
        with another_process(prod):
            promote(world, THERE, Told())

    at_second(prod, (prod.clock.now() - EPOCH).total_seconds() + 1800, goes_on)
    with pytest.raises(ReleaseFailed, match="the judge says FAIL: errors"):
        watch(world, "prod", ENDPOINT, told)
    assert seen == [(0.0, [])]
    assert told.text.count("is taken back once the promote of ") == 1
    assert serves_alone(prod, before)
    assert fenced(prod, began.candidate)
    assert sure(fares(prod).live).release == prod.pin(4).release
    assert prod.ledger.all_open() == []
    assert [one.what.event for one in closings(prod)] == [End.LANDED, End.REVERTED]


def serves_alone(stage, before):
    """Whether what served before the experiment serves alone again, and the pins say so."""
    return (pins_now(stage), serves(stage)) == (before, config_of(before.live))


def closings(stage):
    """The entries that closed rollouts."""
    return [stored.entry for stored in stage.ledger.stored if isinstance(stored.entry.what, Closed)]


@pytest.mark.parametrize("every", [67, pytest.param(3, marks=pytest.mark.long)])
def test_wherever_the_other_rollout_stopped_both_come_to_their_end(project, every):
    moment = 0
    while True:
        dev, prod = stages()
        two(dev, 4, 0)
        two(prod, 3, 1)
        world = project(dev, prod)
        before, began = pins_now(prod), start(world, HERE, ASKED, Told())
        if not killed_at(prod, moment := moment + every, lambda world=world: promote(world, THERE, Told())):
            break
        sicken(prod, began.candidate)

        def goes_on(world=world, prod=prod):
            with another_process(prod):
                promote(world, THERE, Told())

        at_second(prod, (prod.clock.now() - EPOCH).total_seconds() + 1800, goes_on)
        with pytest.raises(ReleaseFailed, match="the judge says FAIL: errors"):
            watch(world, "prod", ENDPOINT, Told())
        assert serves_alone(prod, before)
        assert after_its_end(prod, began.id) == []
        assert prod.ledger.all_open() == []
    assert moment > 40


@pytest.mark.parametrize("keep", ["live", "candidate"])
def test_whoever_stops_it_while_a_rollback_ends_it_stops_nothing_twice(project, keep):
    for moment in range(1, 14):
        dev, prod = stages()
        world = project(dev, prod)
        before, began = pins_now(prod), begun(world)
        done: list[str] = []

        def other(world=world, prod=prod, done=done):
            if opened(prod).rests:
                with another_process(prod):
                    rollback(world, "prod", None, Told())
                done.append("rollback")

        prod.trouble.plan(moment, other)
        with suppress(SlipwayError):
            stop(world, "prod", None, ended(keep), Told())
            done.append("stop")
        prod.trouble.plan(None, None)
        prod.new_process()
        assert after_its_end(prod, began.id) == [], moment
        assert prod.ledger.all_open() == []
        assert done in (["rollback"], ["stop"]), moment
        if done == ["rollback"]:
            as_before(prod, before)
