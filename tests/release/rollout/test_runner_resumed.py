"""The runner over fakes where a process dies or a person has to look: where it goes on, and what is safe."""

import pytest

from release.domain.ledger import End, Phase
from release.domain.pins import Pins
from release.domain.plan import Split, beside_plan
from release.rollout import runner
from release.rollout.strategies import STRATEGIES, way_back
from release.rollout.strategies.step import Step
from tests.release.scenes import (
    ENDPOINT,
    NAME,
    STAGE,
    as_before,
    at_call,
    begin,
    config_of,
    killed_at,
    killed_when,
    opened,
    pins_now,
    run,
    serves,
    serving,
    sure,
)


def events(stage):
    """What the ledger says after `opened`."""
    return stage.ledger.events[1:]


class TestHeld:
    """Not even the way back could be verified: the rollout stays open, and a person looks."""

    def held(self, stage, phase):
        ended = run(stage)
        assert ended.end is End.HELD
        assert opened(stage).phase is phase
        assert stage.ledger.beating == ""
        return ended

    def test_the_way_back_does_not_arrive(self):
        stage = serving()
        before, new = pins_now(stage), stage.pin(2)
        stage.sagemaker.wrong.add(config_of(new).production[0].model_name)
        stage.sagemaker.never.add(config_of(before.live).name)
        begin(stage, new)
        ended = self.held(stage, Phase.REVERTING)
        assert f"the endpoint config is {config_of(new).name}" in ended.reason
        assert events(stage) == ["creating", "moving", "verifying", "reverting"]
        assert serves(stage) == config_of(new)
        assert pins_now(stage) == before.model_copy(update={"candidate": new})
        assert stage.stack.deleted == []
        assert opened(stage).reason.startswith("golden request 1 of 1")
        stage.sagemaker.never.clear()
        ended = run(stage)
        assert ended.end is End.REVERTED
        assert ended.reason.startswith("golden request 1 of 1")
        as_before(stage, before)

    def test_the_restore_disagrees(self):
        stage = serving()
        before, new = pins_now(stage), stage.pin(2)
        stage.sagemaker.never.add(config_of(new).name)
        begin(stage, new)

        def moved():
            stage.sagemaker.endpoints[NAME].config = config_of(before.previous)

        at_call(stage, "ledger: restoring", lambda: at_call(stage, "up", moved))
        self.held(stage, Phase.RESTORING)
        assert pins_now(stage) == before
        assert serves(stage) == config_of(before.previous)
        stage.sagemaker.endpoints[NAME].config = config_of(before.live)
        assert run(stage).end is End.REVERTED
        as_before(stage, before)

    @pytest.mark.parametrize(
        ("gone", "why"),
        [(True, f"the endpoint {NAME} does not exist"), (False, "the endpoint is Failed: why")],
    )
    def test_an_endpoint_that_cannot_be_moved(self, gone, why):
        stage = serving()
        before, new = pins_now(stage), stage.pin(2)
        begin(stage, new)

        def lose():
            endpoint = stage.sagemaker.endpoints[NAME]
            if gone:
                del stage.sagemaker.endpoints[NAME]
            else:
                endpoint.status, endpoint.reason = "Failed", "why"

        at_call(stage, "ledger: moving", lose)
        assert self.held(stage, Phase.REVERTING).reason == why
        assert events(stage) == ["creating", "moving", "reverting"]
        assert stage.sagemaker.updates == stage.stack.deleted == []
        # What the person does: away with what is broken, and pulumi up as the pins say.
        stage.sagemaker.endpoints.pop(NAME, None)
        stage.stack.up()
        assert run(stage).end is End.REVERTED
        as_before(stage, before)

    def test_a_rollback_that_does_not_arrive_is_taken_back_itself(self):
        stage = serving()
        before = pins_now(stage)
        stage.sagemaker.never.add(config_of(before.previous).name)
        begin(stage)
        ended = run(stage)
        assert (ended.end, ended.serves) == (End.REVERTED, sure(before.live).release)
        as_before(stage, before)


WORK = {
    Phase.CREATING: "write",
    Phase.MOVING: "UpdateEndpoint",
    Phase.VERIFYING: "InvokeEndpoint",
    Phase.RECONCILING: "write",
    Phase.REVERTING: "UpdateEndpoint",
    Phase.RESTORING: "write",
}
"""The first effect of each phase."""


class TestResumed:
    @pytest.mark.parametrize(
        ("kind", "phase"),
        [
            *(("promote", phase) for phase in WORK),
            *(("rollback", phase) for phase in WORK if phase is not Phase.CREATING),
        ],
    )
    def test_a_rollout_goes_on_at_the_phase_that_it_recorded_last(self, kind, phase):
        stage = serving()
        before = pins_now(stage)
        new = stage.pin(2) if kind == "promote" else None
        coming = new or before.previous
        backwards = phase in {Phase.REVERTING, Phase.RESTORING}
        if backwards:
            stage.sagemaker.wrong.add(config_of(coming).production[0].model_name)
        begin(stage, new)
        killed_when(
            stage,
            lambda: opened(stage).phase is phase and stage.trouble.calls[-1] == f"ledger: {phase}",
            lambda: run(stage),
        )
        stage.ledger.open()
        stage.trouble.calls.clear()
        assert run(stage).end is (End.REVERTED if backwards else End.LANDED)
        assert stage.trouble.calls[0] == WORK[phase]
        assert stage.ledger.events.count(phase) == 1, "what is on record already is not recorded again"
        if backwards:
            as_before(stage, before)
        else:
            assert pins_now(stage) == Pins(live=coming, previous=before.live)

    @pytest.mark.parametrize("phase", [Phase.MOVING, Phase.VERIFYING, Phase.RECONCILING])
    def test_an_update_that_sagemaker_took_back_while_nobody_was_there_is_a_failed_release(self, phase):
        """Before it is on record that it arrived it is asked for once more: the call may have been lost."""
        stage = serving()
        before, new = pins_now(stage), stage.pin(2)
        begin(stage, new)
        if phase is Phase.MOVING:
            stage.sagemaker.never.add(config_of(new).name)
            killed_when(stage, lambda: stage.sagemaker.updates, lambda: run(stage))
        else:
            killed_at(stage, phase, lambda: run(stage))
            endpoint = stage.sagemaker.endpoints[NAME]
            endpoint.config, endpoint.target, endpoint.status = config_of(before.live), None, "InService"
        ended = run(stage)
        assert (ended.end, ended.serves) == (End.REVERTED, sure(before.live).release)
        assert f"the pin says {config_of(new).name}" in ended.reason
        asked = [update.config for update in stage.sagemaker.updates]
        assert asked == [config_of(new).name] * (2 if phase is Phase.MOVING else 1)
        as_before(stage, before)

    def test_an_update_that_is_under_way_is_waited_for_and_not_asked_for_again(self):
        stage = serving()
        begin(stage, stage.pin(2))
        killed_when(stage, lambda: stage.sagemaker.updates, lambda: run(stage))
        stage.ledger.open()
        assert run(stage).end is End.LANDED
        assert len(stage.sagemaker.updates) == 1


SPLITS = (Split(0), Split(5), Split(20, shadow=True))


def stepped(context):
    """A strategy that asks for guardrails at every step, in vain where variants come or go."""
    guarded = way_back.DEPLOYMENT
    beside = [Step(context.beside(split), guarded, "candidate") for split in SPLITS[:2]]
    return (*beside, Step(context.arrived, guarded))


class TestSteps:
    @pytest.fixture(autouse=True)
    def strategy(self, monkeypatch):
        monkeypatch.setattr(runner, "STRATEGIES", {**STRATEGIES, "linear": stepped})

    def stage(self):
        return serving(rollout={"strategy": "linear"}, splits=SPLITS)

    def test_each_step_is_moved_to_and_verified_before_the_next(self):
        stage = self.stage()
        before, new = pins_now(stage), stage.pin(2)
        begin(stage, new)
        assert run(stage).end is End.LANDED
        assert events(stage) == ["creating", *["moving", "verifying"] * 3, "reconciling", "landed"]
        at_0, at_5 = (beside_plan(STAGE, ENDPOINT, sure(before.live), new, split) for split in SPLITS[:2])
        configs = [update.config for update in stage.sagemaker.updates]
        assert configs == [at_0.name, at_5.name, config_of(new).name]
        assert serves(stage) == config_of(new)
        assert pins_now(stage) == Pins(live=new, previous=before.live)

    def test_guardrails_are_left_out_exactly_where_a_variant_comes_or_goes(self):
        stage = self.stage()
        begin(stage, stage.pin(2))
        run(stage)
        guarded = [update.deployment is not None for update in stage.sagemaker.updates]
        assert guarded == [False, True, False]

    def test_golden_requests_are_aimed_past_live_while_it_serves_beside(self):
        stage = self.stage()
        begin(stage, stage.pin(2))
        run(stage)
        asked = [call for call in stage.trouble.calls if call.startswith("Invoke")]
        to_both = ["InvokeEndpoint live", "InvokeEndpoint candidate"]
        # Before it has traffic, its golden requests and those of the release that serves are compared.
        without_traffic = ["InvokeEndpoint candidate", *to_both, *to_both]
        assert asked == [*without_traffic, "InvokeEndpoint candidate", "InvokeEndpoint"]

    def test_a_candidate_that_answers_wrongly_beside_live_goes_by_a_plain_update(self):
        stage = self.stage()
        before, new = pins_now(stage), stage.pin(2)
        stage.sagemaker.wrong.add(config_of(new).production[0].model_name)
        begin(stage, new)
        assert run(stage).end is End.REVERTED
        back = stage.sagemaker.updates[-1]
        assert (len(stage.sagemaker.updates), back.config) == (2, config_of(before.live).name)
        assert back.deployment is None
        as_before(stage, before)

    def test_a_dead_one_goes_on_at_its_step(self):
        stage = self.stage()
        begin(stage, stage.pin(2))
        killed_when(stage, lambda: len(stage.sagemaker.updates) == 2, lambda: run(stage))
        stage.ledger.open()
        assert (opened(stage).phase, opened(stage).step) == (Phase.MOVING, 1)
        assert run(stage).end is End.LANDED
        assert len(stage.sagemaker.updates) == 3
