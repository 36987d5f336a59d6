"""Experiments whose processes die at any moment: the same again goes on, and a rollback takes it back."""

import pytest

from release.domain.errors import Held, ReleaseFailed, ServiceError
from release.domain.ledger import Opened
from release.operations.experiment import running, stop, watch
from release.operations.rollback import rollback
from tests.fakes.world import Told
from tests.release.operations.experiments import (
    begun,
    described_config,
    ended,
    fenced,
    settled,
    sicken,
    stages,
    weights,
)
from tests.release.rollout.judged_scenes import killed_at, opened
from tests.release.scenes import as_before, config_of, pins_now, serves, sure

EVERY = pytest.mark.parametrize("every", [11, pytest.param(1, marks=pytest.mark.long)])
"""How many moments lie between two at which a process dies."""


@pytest.fixture
def both(project):
    """The world, and the stage that compares."""
    dev, prod = stages()
    return project(dev, prod), prod


class TestWhenSomethingDies:
    @EVERY
    def test_at_any_moment_of_the_start_the_same_again_goes_on(self, project, every):
        moment = 0
        while True:
            dev, prod = stages()
            world = project(dev, prod)
            if not killed_at(prod, moment := moment + every, lambda world=world: begun(world)):
                break
            found = begun(world)
            assert weights(prod) == {"live": 50.0, "candidate": 50.0}
            assert described_config(prod) == settled(prod).name
            assert sum(isinstance(s.entry.what, Opened) for s in prod.ledger.stored) == 1
            assert found.disagreements == ()
        assert moment > 40

    @EVERY
    @pytest.mark.parametrize("keep", ["live", "candidate"])
    def test_at_any_moment_of_the_end_the_same_again_ends_it(self, project, keep, every):
        moment = 0
        while True:
            dev, prod = stages()
            world = project(dev, prod)
            before, began = pins_now(prod), begun(world)
            run = lambda world=world: stop(world, "prod", None, ended(keep), Told())  # noqa: E731
            if not killed_at(prod, moment := moment + every, run):
                break
            if prod.ledger.current is not None:
                run()
            if keep == "live":
                as_before(prod, before)
                assert not fenced(prod, began.candidate)
            else:
                assert serves(prod) == config_of(pins_now(prod).live)
                assert sure(pins_now(prod).live).release == began.candidate
                assert prod.ledger.current is None
        assert moment > 10

    @EVERY
    @pytest.mark.parametrize("keep", ["live", "candidate"])
    def test_at_any_moment_a_rollback_takes_the_candidate_back(self, project, keep, every):
        moment = 0
        while True:
            dev, prod = stages()
            world = project(dev, prod)
            before = pins_now(prod)

            def whole(world=world):
                begun(world)
                stop(world, "prod", None, ended(keep), Told())

            if not killed_at(prod, moment := moment + every, whole):
                break
            if prod.ledger.current is None:
                continue
            rollback(world, "prod", None, Told())
            as_before(prod, before)
        assert moment > 60

    def test_an_end_that_was_decided_is_not_decided_otherwise(self, both, told):
        world, prod = both
        began = begun(world, told)
        prod.ledger.append(opened(prod).subject, ended("candidate"))
        prod.new_process()
        with pytest.raises(Held, match="It was decided to keep candidate: two points"):
            stop(world, "prod", None, ended("live"), told)
        assert stop(world, "prod", None, ended("candidate"), told).serves == began.candidate

    def test_one_that_has_not_begun_to_compare_is_begun_or_taken_back(self, both, told):
        world, prod = both
        assert killed_at(prod, 30, lambda: begun(world))
        with pytest.raises(Held, match="has not begun to compare"):
            stop(world, "prod", None, ended("live"), told)

    def test_one_that_somebody_begins_is_waited_for(self, both, told):
        world, prod = both
        assert killed_at(prod, 30, lambda: begun(world))
        prod.ledger.living = {opened(prod).owner.pid}
        with pytest.raises(ServiceError, match="is under way here"):
            stop(world, "prod", None, ended("live"), told)

    @EVERY
    def test_one_who_dies_while_it_is_taken_back_leaves_it_to_a_rollback(self, project, every):
        moment = 0
        while True:
            dev, prod = stages()
            world = project(dev, prod)
            before, began = pins_now(prod), begun(world)
            sicken(prod, began.candidate)

            def watched(world=world):
                with pytest.raises(ReleaseFailed):
                    watch(world, "prod", None, Told())

            if not killed_at(prod, moment := moment + every, watched):
                break
            if prod.ledger.current is not None:
                rollback(world, "prod", None, Told())
            as_before(prod, before)
            assert fenced(prod, began.candidate)
        assert moment > 20

    @pytest.mark.parametrize("keep", ["live", "candidate"])
    def test_one_whose_end_stopped_half_way_is_told_as_ended_and_no_earlier_one(self, both, told, keep):
        world, prod = both
        begun(world, told)
        stop(world, "prod", None, ended("live"), told)
        began = begun(world, told)
        assert killed_at(prod, 12, lambda: stop(world, "prod", None, ended(keep), Told()))
        assert prod.ledger.current is not None
        found = running(world, "prod", None)
        assert (found.id, found.ended is not None) == (began.id, True)
        assert found.end == f"the experiment ended with {keep}: two points (better)"

    def test_one_that_never_compared_anything_is_none(self, both, told):
        world, prod = both
        earlier = begun(world, told)
        stop(world, "prod", None, ended("live"), told)
        assert killed_at(prod, 60, lambda: begun(world))
        found = running(world, "prod", None)
        assert (found.id, found.begun) == (earlier.id, earlier.begun)
        assert found.end.startswith("the experiment ended with live")
        rollback(world, "prod", None, told)
        assert running(world, "prod", None) == found
