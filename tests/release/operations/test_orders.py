"""Orders to a rollout under way: who can be told what, and what an abort does here and now."""

import pytest

from release.domain.errors import ReleaseFailed, ServiceError, UsageError
from release.operations import orders
from release.operations.orders import Told, order
from release.rollout import runner
from release.rollout.weights import NONE
from tests.fakes import world as fakes
from tests.fakes.ledger import process
from tests.release.rollout import judged_scenes as scenes
from tests.release.rollout.judged_scenes import opened, promote, where
from tests.release.scenes import as_before, begin, config_of, pins_now, serves, serving

OPERATOR = process(999)


def under_way(phase="judging", step=1, **rollout):
    """A promotion that another process works on just now: it has come to a phase."""
    stage = scenes.stage(**rollout)

    def stop():
        raise scenes.Crash

    where(stage, phase, step, stop)
    with pytest.raises(scenes.Crash):
        promote(stage)
    return somebody_elses(stage)


def somebody_elses(stage):
    """From now on this is another process than the one at work, which lives."""
    stage.worker = stage.ledger.owner
    stage.ledger.living = {stage.worker.pid, OPERATOR.pid}
    stage.ledger.owner = OPERATOR
    stage.trouble.calls.clear()
    return stage


def goes_on(stage, monkeypatch):
    """Whoever waits here lets the process at work go on to the end."""
    sleep = stage.clock.sleep

    def work(seconds):
        monkeypatch.setattr(stage.clock, "sleep", sleep)
        sleep(seconds)
        stage.ledger.owner = stage.worker
        stage.ledger.looked[stage.worker.pid] = len(stage.ledger.stored)
        runner.run(stage.ports(), opened(stage), fakes.Told())
        stage.ledger.owner = OPERATOR

    monkeypatch.setattr(stage.clock, "sleep", work)


@pytest.mark.parametrize("wish", ["hold", "resume"])
def test_hold_and_resume_are_left_for_the_process_at_work(project, told, wish):
    stage = under_way()
    found = order(project(stage), "prod", None, wish, "the scores", told)
    assert found == Told("prod", "delays", stage.pin(2).release, wish)
    (given,) = stage.evidence.orders.values()
    assert (given.wish, given.by, given.reason, given.at) == (
        wish,
        "ci on here",
        "the scores",
        stage.clock.now(),
    )
    assert stage.trouble.calls == ["order"]


@pytest.mark.parametrize("wish", ["hold", "resume", "abort"])
def test_without_a_rollout_there_is_nobody_to_tell(project, told, wish):
    stage = scenes.stage()
    world = project(stage)
    with pytest.raises(UsageError, match="No rollout of delays is under way in prod") as caught:
        order(world, "prod", None, wish, "", told)
    assert stage.evidence.orders == {}
    assert caught.value.next_step.startswith("See ./slipway status prod; to go back")


@pytest.mark.parametrize("wish", ["hold", "resume", "abort"])
def test_a_dead_one_reads_nothing(project, told, wish):
    stage = under_way()
    stage.ledger.living = {OPERATOR.pid}
    with pytest.raises(UsageError, match=r"The process that worked on the promote of .* is gone") as caught:
        order(project(stage), "prod", None, wish, "", told)
    assert "./slipway rollback prod" in caught.value.next_step
    assert (stage.evidence.orders, stage.trouble.calls) == ({}, [])


@pytest.mark.parametrize("wish", ["hold", "resume"])
@pytest.mark.parametrize("kind", ["canary", "rollback"])
def test_what_has_no_steps_cannot_be_held(project, told, wish, kind):
    stage = serving(rollout={"strategy": "canary" if kind == "canary" else "judged"})
    begin(stage, stage.pin(2) if kind == "canary" else None)
    with pytest.raises(UsageError, match="has no steps that wait for anybody") as caught:
        order(project(somebody_elses(stage)), "prod", None, wish, "", told)
    assert caught.value.consequence.startswith("Only a judged or shadow rollout is held and resumed")
    assert stage.evidence.orders == {}


class TestAbort:
    @pytest.mark.parametrize(
        ("phase", "step"), [("moving", 0), ("verifying", 1), ("judging", 1), ("judging", 2), ("judging", 3)]
    )
    def test_the_candidate_loses_its_traffic_here_and_the_rest_is_waited_for(
        self, project, told, monkeypatch, phase, step
    ):
        stage = under_way(phase, step)
        live = pins_now(stage).live
        goes_on(stage, monkeypatch)
        found = order(project(stage), "prod", None, "abort", "callers complain", told)
        assert found == Told("prod", "delays", stage.pin(2).release, "abort", "reverted")
        as_before(stage, pins_now(stage))
        assert pins_now(stage).live == live
        closed = stage.ledger.stored[-1].entry
        assert (closed.what.reason, closed.owner) == ("ci on here said abort: callers complain", stage.worker)
        beside = (phase, step) in {("verifying", 1), ("judging", 1), ("judging", 2)}
        assert (
            (NONE, {}) in stage.sagemaker.rescaled if beside else (NONE, {}) not in stage.sagemaker.rescaled
        )

    def test_the_order_is_there_before_the_weights_move(self, project, told, monkeypatch):
        """Otherwise the process at work would give the candidate its share again."""
        stage = under_way()
        goes_on(stage, monkeypatch)
        order(project(stage), "prod", None, "abort", "", told)
        assert stage.trouble.calls[:2] == ["order", "UpdateEndpointWeightsAndCapacities"]

    def test_one_that_lands_before_it_reads_the_order_has_landed(self, project, told, monkeypatch):
        stage = under_way("reconciling", 3)
        new = config_of(stage.pin(2, capacity=3))
        goes_on(stage, monkeypatch)
        with pytest.raises(ReleaseFailed, match="had landed in prod before the order was read") as caught:
            order(project(stage), "prod", None, "abort", "", told)
        assert serves(stage) == new
        assert caught.value.next_step.endswith("./slipway rollback prod")

    def test_one_that_dies_while_it_is_waited_for_stays_open_without_traffic(
        self, project, told, monkeypatch
    ):
        stage = under_way()
        sleep = stage.clock.sleep
        monkeypatch.setattr(stage.clock, "sleep", lambda s: (sleep(s), stage.ledger.living.clear()))
        with pytest.raises(UsageError, match="is gone") as caught:
            order(project(stage), "prod", None, "abort", "", told)
        assert caught.value.consequence == "The candidate gets no traffic; the rollout is still open."
        assert stage.sagemaker.rescaled[-1] == (NONE, {})
        assert opened(stage).phase == "judging"

    def test_one_that_does_not_come_to_an_end_is_not_waited_for_for_ever(self, project, told, monkeypatch):
        monkeypatch.setattr(orders, "PATIENCE", 60.0)
        stage = under_way()
        began = stage.clock.seconds
        with pytest.raises(ServiceError, match=r"did not take .* back within 60 s"):
            order(project(stage), "prod", None, "abort", "", told)
        assert 60 <= stage.clock.seconds - began < 63
