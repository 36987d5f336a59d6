"""Experiments: how they begin, hold rollouts and never a rollback, and end by the rollout's last steps."""

import argparse
import re

import pytest

from release.domain.errors import Held, ReleaseFailed, UsageError
from release.domain.experiment import Concluded
from release.domain.ledger import Closed
from release.domain.state import Standing
from release.operations import standing
from release.operations.apply import apply
from release.operations.cleanup import cleanup
from release.operations.doctor import doctor
from release.operations.experiment import running, start, stop, watch
from release.operations.history import history
from release.operations.orders import order
from release.operations.promote import Order, promote
from release.operations.rollback import rollback
from release.operations.status import status
from release.operations.sync import sync
from release.operations.unlock import unlock
from scripts.shared import experiment as words
from tests.fakes.world import EPOCH, Told
from tests.release.operations.experiments import (
    ASKED,
    FROM_DEV,
    begun,
    ended,
    fenced,
    settled,
    sicken,
    stages,
    weights,
)
from tests.release.operations.following import commands
from tests.release.rollout.judged_scenes import STEP, at_second, events, killed_at, model_of, opened
from tests.release.scenes import ENDPOINT, NAME, as_before, config_of, pins_now, serves, serving, sure


@pytest.fixture
def both(project):
    """The world, and the stage that compares."""
    dev, prod = stages()
    return project(dev, prod), prod


class TestStart:
    def test_it_rises_as_a_judged_rollout_to_its_share_and_stays_there(self, both, told):
        world, prod = both
        before = pins_now(prod)
        found = begun(world, told)
        assert events(prod) == ["opened", "creating", "moving", "verifying", *STEP * 3, "experimenting"]
        assert opened(prod).opened.rollout.steps == (5, 20, 50)
        assert weights(prod) == {"live": 50.0, "candidate": 50.0}
        pins = pins_now(prod)
        assert (pins.live, pins.previous) == (before.live, before.previous)
        assert sure(pins.candidate).beside
        assert (found.candidate, found.live) == (sure(pins.candidate).release, sure(before.live).release)
        assert (found.asked, found.disagreements) == (ASKED, ())
        assert re.fullmatch("[0-9a-f]{12}", found.id)

    def test_the_gates_of_a_promotion_are_its_gates(self, project, told):
        dev, prod = stages()
        world = project(dev, prod, prod={"approvals": 1})
        with pytest.raises(ReleaseFailed, match="approval"):
            begun(world, told)
        assert prod.sagemaker.updates == []
        assert prod.ledger.stored[-1].entry.subject.kind == "experiment"

    def test_what_the_judge_fails_never_gets_the_experiments_share(self, both, told):
        world, prod = both
        before = pins_now(prod)
        coming = sure(world.stage("dev").settings.endpoints[ENDPOINT].live).release
        prod.trouble.watch.append(lambda: sicken(prod, coming))
        with pytest.raises(ReleaseFailed, match="the judge says FAIL: errors"):
            begun(world, told)
        as_before(prod, before)
        assert fenced(prod, coming)

    def test_the_same_again_changes_nothing(self, both, told):
        world, prod = both
        found = begun(world, told)
        entries = len(prod.ledger.stored)
        assert begun(world, told) == found
        assert len(prod.ledger.stored) == entries

    def test_another_question_is_refused_while_it_runs(self, both, told):
        world, _ = both
        begun(world, told)
        with pytest.raises(UsageError, match="another share, outcome or effect"):
            start(world, FROM_DEV, ASKED.model_copy(update={"percent": 20}), told)

    def test_nothing_is_compared_with_nothing_nor_with_itself(self, project, told):
        dev = serving(2, 0, stage="dev")
        with pytest.raises(UsageError, match="There is nothing to compare with"):
            begun(project(dev, serving(None)), told)
        with pytest.raises(UsageError, match="is live in prod already"):
            begun(project(serving(0, 1, stage="dev"), serving(0, 1, rollout={"strategy": "judged"})), told)

    def test_a_stage_that_does_not_allow_the_judge_has_none(self, project, told):
        with pytest.raises(UsageError, match="does not allow the strategy 'judged'"):
            begun(project(serving(2, 0, stage="dev"), serving(0, 1)), told)


class TestWhileItRuns:
    @pytest.mark.parametrize("command", ["promote", "apply", "another experiment"])
    def test_rollouts_are_refused_and_told_which_experiment_and_how_to_end_it(self, project, told, command):
        dev, staging, prod = serving(2, 0, stage="dev"), serving(3, 0, stage="staging"), stages()[1]
        world = project(dev, staging, prod)
        begun_here = start(world, Order("prod"), ASKED, told)
        promote(world, Order("staging"), told)
        moved, calls = len(prod.sagemaker.updates), len(prod.sagemaker.rescaled)
        prod.file.endpoints[ENDPOINT] = prod.file.endpoints[ENDPOINT].model_copy(
            update={"environment": {"A": "b"}}
        )
        run = {
            "promote": lambda: promote(world, Order("prod"), told),
            "apply": lambda: apply(world, "prod", None, told),
            "another experiment": lambda: start(world, Order("prod"), ASKED, told),
        }[command]
        with pytest.raises(Held) as caught:
            run()
        assert (
            f"{begun_here.candidate} has 50 % of the traffic beside {begun_here.live}" in caught.value.cause
        )
        assert "./slipway experiment stop prod --endpoint delays" in caught.value.next_step
        assert (len(prod.sagemaker.updates), len(prod.sagemaker.rescaled)) == (moved, calls)

    def test_a_rollback_ends_it_at_once_and_the_ledger_says_so(self, both, told):
        world, prod = both
        before = pins_now(prod)
        begun(world, told)
        found = rollback(world, "prod", None, told)
        assert found.release == sure(before.live).release
        as_before(prod, before)
        closed = prod.ledger.stored[-1].entry.what
        assert isinstance(closed, Closed)
        assert closed.reason == "the experiment was ended by a rollback"
        assert "ending the experiment of" in told.text
        assert running(world, "prod", None).end == closed.reason

    def test_a_rollback_does_so_while_who_began_it_still_looks_alive(self, both, told):
        world, prod = both
        before = pins_now(prod)
        begun(world, told)
        prod.ledger.living = {prod.ledger.owner.pid}
        rollback(world, "prod", None, told)
        as_before(prod, before)

    def test_the_rollback_after_it_goes_to_the_previous_release(self, both, told):
        world, prod = both
        before = pins_now(prod)
        begun(world, told)
        rollback(world, "prod", None, told)
        assert rollback(world, "prod", None, told).release == sure(before.previous).release

    def test_everyone_who_asks_is_told_that_it_runs_and_nothing_is_wrong(self, both, told):
        world, prod = both
        found = begun(world, told)
        (line,) = status(world, ["prod"])
        assert (line.disagreements, line.live) == ([], found.live)
        assert line.rollout.startswith(f"experiment {found.id} of delays: {found.candidate} has 50 %")
        assert doctor(world, "prod", None).diagnosis is None
        (moved,) = [line for line in history(world, "prod", None).rollouts if line.rollout == found.id]
        assert (moved.kind, moved.end, moved.ended) == ("experiment", "experimenting", None)
        assert standing_of(prod) is Standing.EXPERIMENT

    def test_weights_that_somebody_moved_are_told(self, both, told):
        world, prod = both
        begun(world, told)
        prod.sagemaker.rescale(NAME, {"live": 90.0, "candidate": 10.0}, {})
        assert any(
            "the weight of candidate is 10.0" in text for text in status(world, ["prod"])[0].disagreements
        )
        assert any("the weight of candidate" in text for text in running(world, "prod", None).disagreements)

    def test_a_stage_file_that_names_no_candidate_is_stale_and_sync_names_it(self, both, told):
        world, prod = both
        begun(world, told)
        named = pins_now(prod)
        prod.file.write(ENDPOINT, named.model_copy(update={"candidate": None}))
        assert standing_of(prod) is Standing.OPEN_STALE
        sync(world, "prod", told)
        assert pins_now(prod) == named

    def test_hold_resume_abort_and_cleanup_name_what_ends_it(self, both, told):
        world, _ = both
        begun(world, told)
        for wish in ("hold", "resume", "abort"):
            with pytest.raises(Held, match="An experiment runs on delays in prod"):
                order(world, "prod", None, wish, "", told)
        with pytest.raises(Held, match="An experiment runs on delays in prod"):
            cleanup(world, "prod", True, 0.0, told)

    def test_nothing_that_it_serves_with_may_be_cleaned_up(self, both, told):
        world, prod = both
        begun(world, told)
        found = cleanup(world, "prod", False, 0.0, told)
        assert settled(prod).name not in {thing.name for thing in found.goes}

    def test_an_unlock_does_not_end_it_and_names_what_does(self, both, told):
        world, prod = both
        found = begun(world, told)
        pins, entries = pins_now(prod), len(prod.ledger.stored)
        with pytest.raises(UsageError, match="an experiment runs on delays: ") as caught:
            unlock(world, "prod", "nobody knows it", told)
        assert (pins_now(prod), len(prod.ledger.stored)) == (pins, entries)
        assert running(world, "prod", None) == found
        [(_, *named)] = commands(caught.value.next_step)
        parser = argparse.ArgumentParser()
        words.take(parser)
        args = parser.parse_args(named)
        concluded = Concluded(keep=args.keep, because=args.because)
        assert stop(world, args.stage, args.endpoint, concluded, told).serves == found.live

    def test_an_unlock_ends_what_stopped_while_a_person_ended_it(self, both, told):
        world, prod = both
        begun(world, told)
        assert killed_at(prod, 9, lambda: stop(world, "prod", None, ended("candidate"), Told()))
        assert "concluded" in prod.ledger.events
        unlock(world, "prod", "nobody can finish it", told)
        assert (prod.ledger.current, pins_now(prod).candidate) == (None, None)


def standing_of(stage):
    return next(iter(standing.state.standings(standing.facts(stage.ports(), ENDPOINT))))


class TestWatch:
    def test_a_candidate_that_comes_to_harm_while_it_is_compared_is_taken_back_and_fenced(self, both, told):
        world, prod = both
        before = pins_now(prod)
        began = begun(world, told)
        at = (prod.clock.now() - EPOCH).total_seconds() + 600
        at_second(prod, at, lambda: sicken(prod, began.candidate))
        with pytest.raises(ReleaseFailed, match="the judge says FAIL: errors"):
            watch(world, "prod", None, told)
        assert (prod.clock.now() - EPOCH).total_seconds() > at
        as_before(prod, before)
        assert fenced(prod, began.candidate)
        assert running(world, "prod", None).end.startswith("the judge says FAIL")

    @pytest.mark.parametrize("how", ["rollback", "stop"])
    def test_it_ends_when_somebody_else_ends_the_experiment(self, both, told, how):
        world, prod = both
        begun(world, told)
        ends = {
            "rollback": lambda: rollback(world, "prod", None, told),
            "stop": lambda: stop(world, "prod", None, ended("candidate"), told),
        }
        at_second(prod, (prod.clock.now() - EPOCH).total_seconds() + 300, ends[how])
        found = watch(world, "prod", None, told)
        assert found.ended is not None
        assert prod.ledger.current is None

    def test_without_an_experiment_there_is_nothing_to_watch(self, both, told):
        with pytest.raises(UsageError, match="No experiment runs on delays in prod"):
            watch(both[0], "prod", None, told)


class TestStop:
    def test_what_is_kept_as_candidate_becomes_live_by_the_rollouts_last_steps(self, both, told):
        world, prod = both
        before = pins_now(prod)
        began = begun(world, told)
        entries = len(prod.ledger.stored)
        found = stop(world, "prod", None, ended("candidate"), told)
        assert (found.serves, found.experiment.id) == (began.candidate, began.id)
        assert events(prod)[entries:] == ["concluded", *STEP, "reconciling", "landed"]
        pins = pins_now(prod)
        assert (sure(pins.live).release, pins.candidate, pins.previous) == (
            began.candidate,
            None,
            before.live,
        )
        assert serves(prod) == config_of(pins.live)
        assert not fenced(prod, began.live)

    def test_what_is_kept_as_live_serves_alone_and_the_candidate_is_not_fenced(self, both, told):
        world, prod = both
        before = pins_now(prod)
        began = begun(world, told)
        found = stop(world, "prod", None, ended("live"), told)
        assert found.serves == began.live
        as_before(prod, before)
        assert events(prod)[-4:] == ["concluded", "reverting", "restoring", "reverted"]
        assert not fenced(prod, began.candidate)
        assert prod.ledger.stored[-1].entry.what.reason == (
            "the experiment ended with live: two points (better)"
        )
        assert running(world, "prod", None).ended is not None

    def test_what_comes_to_harm_alone_goes_back_to_live_and_is_fenced(self, both, told):
        world, prod = both
        before = pins_now(prod)
        began = begun(world, told)
        prod.evidence.sick.add(model_of(sure(pins_now(prod).candidate)))
        with pytest.raises(ReleaseFailed, match="did not land in prod: under the stage's limits: FAIL"):
            stop(world, "prod", None, ended("candidate"), told)
        as_before(prod, before)
        assert fenced(prod, began.candidate)

    def test_it_needs_a_reason_and_an_experiment(self, both, told):
        world, _prod = both
        with pytest.raises(UsageError, match="No experiment runs on delays in prod"):
            stop(world, "prod", None, ended("live"), told)
        begun(world, told)
        with pytest.raises(UsageError, match="needs a reason"):
            stop(world, "prod", None, Concluded(keep="live", because=" "), told)

    def test_after_it_rollouts_go_on(self, both, told):
        world, _prod = both
        began = begun(world, told)
        stop(world, "prod", None, ended("live"), told)
        assert promote(world, Order("prod"), told).release == began.candidate
