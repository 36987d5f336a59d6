"""The runner over fakes: what each way of a rollout records, moves, writes and leaves behind."""

import pytest

from release.domain.errors import ApplyFailed, ServiceError
from release.domain.ledger import End, Phase
from release.domain.pins import Pins
from release.domain.plan import Split, beside_plan
from release.rollout import runner
from release.rollout.strategies import STRATEGIES, way_back
from release.rollout.strategies.step import Step
from tests.fakes.trouble import Crash
from tests.release.scenes import (
    ENDPOINT,
    NAME,
    STAGE,
    begin,
    config_of,
    opened,
    pins_now,
    run,
    serves,
    serving,
)

FORWARD = ["creating", "moving", "verifying", "reconciling", "landed"]
BACK = ["reverting", "restoring", "reverted"]


def events(stage):
    """What the ledger says after `opened`."""
    return stage.ledger.events[1:]


def at_call(stage, call, do):
    """Once, at the moment before `call`: do something."""
    done = []

    def watch():
        if not done and stage.trouble.calls[-1:] == [call]:
            done.append(True)
            do()

    stage.trouble.watch.append(watch)


def landed(stage, before, new):
    """It ended well: SageMaker, pins and stack say the same."""
    assert serves(stage) == config_of(new)
    assert pins_now(stage) == Pins(live=new, previous=before.live)
    assert stage.ledger.current is None


def as_before(stage, before):
    """It was taken back: what served serves, the pins are as they were, nothing of the candidate stays."""
    assert pins_now(stage) == before
    assert serves(stage) == (config_of(before.live) if before.live else None)
    assert set(stage.sagemaker.configs) == {config_of(pin).name for pin in before.named}
    assert stage.ledger.current is None


class TestForward:
    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_a_promotion_is_one_update_as_the_strategy_says(self, strategy):
        stage = serving(rollout={"strategy": strategy})
        before, new = pins_now(stage), stage.pin(2)
        begin(stage, new)
        assert run(stage).end is End.LANDED
        landed(stage, before, new)
        (update,) = stage.sagemaker.updates
        assert (update.endpoint, update.config) == (NAME, config_of(new).name)
        assert update.deployment is not None
        assert update.deployment.routing == strategy.upper().replace("-", "_")
        assert update.deployment.alarms == ("delays-prod-errors", "delays-prod-latency")

    def test_each_phase_is_on_record_before_its_work(self):
        stage = serving()
        begin(stage, stage.pin(2))
        run(stage)
        assert stage.trouble.calls == [
            *("ledger: creating", "write", "up"),
            *("ledger: moving", "UpdateEndpoint"),
            *("ledger: verifying", "InvokeEndpoint"),
            *("ledger: reconciling", "write", "up"),
            "ledger: landed",
        ]

    def test_nothing_is_deleted_before_the_release_is_seen_to_serve(self):
        stage = serving()
        new, old = stage.pin(2), pins_now(stage)
        begin(stage, new)
        at_call(stage, "ledger: reconciling", lambda: stage.stack.deleted.append("-"))
        run(stage)
        assert stage.stack.deleted[0] == "-"
        assert config_of(old.previous).name in stage.stack.deleted

    def test_while_it_moves_the_pins_name_what_was_and_what_comes(self):
        stage = serving()
        before, new = pins_now(stage), stage.pin(2)
        begin(stage, new)
        seen = []
        at_call(stage, "UpdateEndpoint", lambda: seen.append(pins_now(stage)))
        run(stage)
        assert seen == [before.model_copy(update={"candidate": new})]

    def test_the_first_release_makes_the_endpoint_and_needs_no_update(self):
        stage = serving(live=None)
        new = stage.pin(2)
        begin(stage, new, kind="release")
        ended = run(stage)
        assert (ended.end, ended.serves) == (End.LANDED, new.release)
        assert (serves(stage), pins_now(stage)) == (config_of(new), Pins(live=new))
        assert (stage.sagemaker.updates, events(stage)) == ([], FORWARD)

    def test_a_rollback_is_one_update_that_nothing_holds_up(self):
        stage = serving()
        before = pins_now(stage)
        begin(stage)
        ended = run(stage)
        assert before.previous is not None
        assert (ended.end, ended.serves) == (End.LANDED, before.previous.release)
        assert pins_now(stage) == Pins(live=before.previous, previous=before.live)
        (update,) = stage.sagemaker.updates
        assert (update.config, update.deployment) == (config_of(before.previous).name, way_back.DEPLOYMENT)
        assert stage.trouble.calls[:2] == ["ledger: moving", "UpdateEndpoint"]
        assert events(stage) == FORWARD[1:]

    def test_what_serves_already_is_not_asked_for_again(self):
        stage = serving()
        new = stage.pin(0)
        begin(stage, new, kind="apply")
        assert run(stage).end is End.LANDED
        assert stage.sagemaker.updates == []

    def test_the_heart_beats_from_the_first_phase_to_the_end(self):
        stage = serving()
        begin(stage, stage.pin(2))
        beating = []
        stage.trouble.watch.append(lambda: beating.append(stage.ledger.beating))
        run(stage)
        assert set(beating) == {"r1"}
        assert stage.ledger.beating == ""

    def test_a_stack_that_cannot_follow_leaves_the_traffic_where_it_is(self):
        stage = serving()
        new = stage.pin(2)
        begin(stage, new)
        refusal = ApplyFailed("quota", "", "")
        at_call(stage, "ledger: reconciling", lambda: setattr(stage.stack, "refusal", refusal))
        with pytest.raises(ServiceError, match="the stack could not follow: quota"):
            run(stage)
        assert (opened(stage).phase, serves(stage)) == (Phase.RECONCILING, config_of(new))
        stage.stack.refusal = None
        assert run(stage).end is End.LANDED
        assert len(stage.sagemaker.updates) == 1


class TestTakenBack:
    def test_an_update_that_sagemaker_takes_back_in_silence(self):
        stage = serving()
        before, new = pins_now(stage), stage.pin(2)
        stage.sagemaker.never.add(config_of(new).name)
        begin(stage, new)
        ended = run(stage)
        assert before.live is not None
        assert (ended.end, ended.serves) == (End.REVERTED, before.live.release)
        assert f"the pin says {config_of(new).name}" in ended.reason
        assert "did not pass the ping" in ended.reason
        assert events(stage) == [*FORWARD[:3], *BACK]
        assert len(stage.sagemaker.updates) == 1, "it serves what it served: nothing is to be moved back"
        as_before(stage, before)

    def test_wrong_answers(self):
        stage = serving()
        before, new = pins_now(stage), stage.pin(2)
        stage.sagemaker.wrong.add(config_of(new).production[0].model_name)
        begin(stage, new)
        ended = run(stage)
        assert (ended.end, ended.reason) == (
            End.REVERTED,
            "golden request 1 of 1: row 0 scored 0.900000, training says 0.500000",
        )
        assert [update.config for update in stage.sagemaker.updates] == [
            config_of(new).name,
            config_of(before.live).name,
        ]
        assert stage.sagemaker.updates[1].deployment == way_back.DEPLOYMENT
        assert events(stage) == [*FORWARD[:3], *BACK]
        as_before(stage, before)

    def test_the_reason_is_in_the_ledger_from_the_first_step_back_to_the_end(self):
        stage = serving()
        new = stage.pin(2)
        stage.sagemaker.wrong.add(config_of(new).production[0].model_name)
        begin(stage, new)
        ended = run(stage)
        reasons = [stored.entry.what.model_dump()["reason"] for stored in stage.ledger.stored[-3:]]
        assert reasons == [ended.reason] * 3

    def test_no_answer_at_all(self):
        stage = serving()
        before = pins_now(stage)
        stage.sagemaker.unanswered = 3
        begin(stage, stage.pin(2))
        assert run(stage).reason == "golden request 1 of 1: throttled"
        as_before(stage, before)

    @pytest.mark.parametrize("known", [True, False])
    def test_a_first_endpoint_that_fails_is_gone_even_where_the_stack_does_not_know_it(self, known):
        stage = serving(live=None)
        new = stage.pin(2)
        stage.stack.knows = known
        stage.sagemaker.never.add(config_of(new).name)
        begin(stage, new, kind="release")
        ended = run(stage)
        assert (ended.end, ended.reason, ended.serves) == (End.REVERTED, "no ping", None)
        assert events(stage) == ["creating", *BACK]
        assert stage.sagemaker.updates == []
        assert ("DeleteEndpoint" in stage.trouble.calls) is not known
        as_before(stage, Pins())

    def test_a_pulumi_that_refuses_says_nothing_about_the_release(self):
        stage = serving()
        before, new = pins_now(stage), stage.pin(2)
        begin(stage, new)
        stage.stack.refusal = ApplyFailed("quota", "", "")
        with pytest.raises(ApplyFailed, match="quota"):
            run(stage)
        assert (opened(stage).phase, stage.sagemaker.updates) == (Phase.CREATING, [])
        assert serves(stage) == config_of(before.live)
        stage.stack.refusal = None
        assert run(stage).end is End.LANDED
        landed(stage, before, new)

    @pytest.mark.parametrize("call", ["ledger: reconciling", "up"])
    def test_a_release_that_does_not_serve_any_more_is_never_reconciled_to(self, call):
        """Before the pins change role, and once more after pulumi was there."""
        stage = serving()
        before, new = pins_now(stage), stage.pin(2)
        begin(stage, new)

        def moved():
            stage.sagemaker.endpoints[NAME].config = config_of(before.live)

        if call == "up":
            at_call(stage, "ledger: reconciling", lambda: at_call(stage, "up", moved))
        else:
            at_call(stage, call, moved)
        assert run(stage).end is End.REVERTED
        assert events(stage) == [*FORWARD[:4], *BACK]
        deleted = stage.stack.deleted
        assert (config_of(before.previous).name in deleted) is (call == "up")
        as_before(stage, before)

    def test_a_fleets_old_shape_is_made_again_where_it_is_gone(self):
        stage = serving(instances={"type": "ml.c7i.large"})
        before = pins_now(stage)
        new = stage.pin(0)
        begin(stage, new, kind="apply")
        old, shaped = config_of(before.live), config_of(opened(stage).opened.after.live)
        assert old.name != shaped.name

        def moved():
            stage.sagemaker.endpoints[NAME].config = config_of(before.previous)

        at_call(stage, "ledger: reconciling", lambda: at_call(stage, "up", moved))
        assert run(stage).end is End.REVERTED
        assert old.name in stage.stack.deleted
        as_before(stage, before)


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
        assert events(stage) == [*FORWARD[:3], "reverting"]
        assert serves(stage) == config_of(new)
        assert pins_now(stage) == before.model_copy(update={"candidate": new})
        assert stage.stack.deleted == []
        assert opened(stage).reason.startswith("golden request 1 of 1")
        stage.sagemaker.never.clear()
        ended = run(stage)
        assert (ended.end, ended.reason) == (End.REVERTED, opened_reason(stage))
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
        assert before.live is not None
        assert (ended.end, ended.serves) == (End.REVERTED, before.live.release)
        as_before(stage, before)


def opened_reason(stage):
    return stage.ledger.stored[-1].entry.what.model_dump()["reason"]


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

        def die():
            if opened(stage).phase is phase and stage.trouble.calls[-1] == f"ledger: {phase}":
                raise Crash

        stage.trouble.watch.append(die)
        with pytest.raises(Crash):
            run(stage)
        stage.trouble.watch.remove(die)
        stage.new_process()
        stage.ledger.open()
        stage.trouble.calls.clear()
        assert run(stage).end is (End.REVERTED if backwards else End.LANDED)
        assert stage.trouble.calls[0] == WORK[phase]
        assert stage.ledger.events.count(phase) == 1, "what is on record already is not recorded again"
        if backwards:
            as_before(stage, before)
        else:
            assert pins_now(stage) == Pins(live=coming, previous=before.live)

    def test_an_update_that_is_under_way_is_waited_for_and_not_asked_for_again(self):
        stage = serving()
        begin(stage, stage.pin(2))

        def die():
            if stage.sagemaker.updates:
                raise Crash

        stage.trouble.watch.append(die)
        with pytest.raises(Crash):
            run(stage)
        stage.trouble.watch.remove(die)
        stage.new_process()
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
        assert before.live is not None
        at_0, at_5 = (beside_plan(STAGE, ENDPOINT, before.live, new, split) for split in SPLITS[:2])
        configs = [update.config for update in stage.sagemaker.updates]
        assert configs == [at_0.name, at_5.name, config_of(new).name]
        landed(stage, before, new)

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
        assert asked == ["InvokeEndpoint candidate"] * 2 + ["InvokeEndpoint"]

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

        def die():
            if len(stage.sagemaker.updates) == 2:
                raise Crash

        stage.trouble.watch.append(die)
        with pytest.raises(Crash):
            run(stage)
        stage.trouble.watch.remove(die)
        stage.new_process()
        stage.ledger.open()
        assert (opened(stage).phase, opened(stage).step) == (Phase.MOVING, 1)
        assert run(stage).end is End.LANDED
        assert len(stage.sagemaker.updates) == 3
