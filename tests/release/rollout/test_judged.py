"""Judged rollouts over fakes: every step of a PASS, and every way in which a release is taken back."""

from itertools import pairwise

import pytest

from release.domain import names
from release.domain.ledger import Opened
from release.domain.pins import Pins
from release.ports import Unreadable
from release.rollout import watching
from release.rollout.weights import NONE
from tests.fakes.evidence import BLOCK
from tests.fakes.evidence import QUICK as POLICY
from tests.fakes.store import GOLDEN
from tests.fakes.world import Told
from tests.release.rollout import judged_scenes as scenes
from tests.release.rollout.judged_scenes import (
    BACK,
    COUNT,
    STEP,
    STEPS,
    UPDATE,
    WEIGHTS,
    after,
    events,
    judged,
    model_of,
    promote,
    taken_back,
    traffic_calls,
    where,
)
from tests.release.scenes import NAME, as_before, config_of, pins_now, serves, sure


def unreadable(rollout):
    raise Unreadable("SlowDown")


class TestPass:
    def test_every_step_is_recorded_moved_verified_and_judged_before_the_next(self):
        stage = scenes.stage()
        before, new = pins_now(stage), stage.pin(2, capacity=COUNT)
        promote(stage)
        assert events(stage) == [
            *("opened", "creating", "moving", "verifying"),
            *STEP,
            *STEP,
            *STEP,
            *("reconciling", "landed"),
        ]
        assert serves(stage) == config_of(new)
        assert pins_now(stage) == Pins(live=new, previous=before.live)
        assert [(found.step, found.share, found.decision) for found in judged(stage)] == [
            *((number, share, "PASS") for number, share in enumerate(STEPS, start=1)),
            (3, 100, "PASS"),
        ]

    def test_the_fleet_grows_before_its_weight_and_live_keeps_its_instances(self):
        stage = scenes.stage()
        counts = set()
        stage.trouble.watch.append(lambda: counts.add(stage.sagemaker.endpoints[NAME].live_count))
        promote(stage)
        assert stage.sagemaker.rescaled == [
            ({"live": 95.0, "candidate": 5.0}, {}),
            ({}, {"candidate": 2}),
            ({"live": 50.0, "candidate": 50.0}, {}),
        ]
        assert counts == {COUNT}
        assert sure(pins_now(stage).live).capacity == COUNT

    def test_weights_move_within_one_config_and_configs_only_change_without_guardrails(self):
        stage = scenes.stage()
        promote(stage)
        assert [update.deployment for update in stage.sagemaker.updates] == [None, None]
        assert traffic_calls(stage) == [
            *("ledger: moving", UPDATE),
            *("ledger: moving", WEIGHTS, "ledger: judged"),
            *("ledger: moving", WEIGHTS, WEIGHTS, "ledger: judged"),
            *("ledger: moving", UPDATE, "ledger: judged"),
        ]

    def test_golden_requests_are_aimed_at_the_candidate_before_it_has_traffic_and_never_beside(self):
        stage = scenes.stage()
        promote(stage)
        first = stage.trouble.calls.index(WEIGHTS)
        golden = [i for i, call in enumerate(stage.trouble.calls) if call.startswith("Invoke")]
        assert stage.trouble.calls[golden[0]] == "InvokeEndpoint candidate"
        alone = len(stage.trouble.calls) - 1 - stage.trouble.calls[::-1].index(UPDATE)
        assert all(i < first or i > alone for i in golden)

    def test_evidence_is_kept_before_it_is_judged_and_the_verdict_before_the_next_step(self):
        stage = scenes.stage()
        promote(stage)
        calls = [call for call in stage.trouble.calls if call.startswith(("keep", "ledger: judg"))]
        for call, then in pairwise(calls):
            if call in {"keep windows", "keep alone"}:
                assert then in {"keep verdicts", "keep windows", "ledger: judged"}
            if then == "keep verdicts":
                assert call in {"keep windows", "keep alone"}

    def test_a_step_lasts_its_time(self):
        stage = scenes.stage(step_seconds=40, bake_seconds=50)
        entered = {}
        for step in (1, 2, 3):
            where(stage, "judging", step, lambda step=step: entered.update({step: stage.clock.seconds}))
        where(stage, "reconciling", 3, lambda: entered.update({4: stage.clock.seconds}))
        promote(stage)
        spent = [entered[step + 1] - entered[step] for step in (1, 2, 3)]
        assert [least <= found < least + 5 for least, found in zip((40, 40, 50), spent, strict=True)] == [
            True
        ] * 3

    def test_what_it_waits_for_is_told_with_its_progress(self):
        stage, told = scenes.stage(step_seconds=20), Told()
        promote(stage, told=told)
        progress = [event.progress for event in told.events if event.progress]
        assert {found.share for found in progress} == {5, 50, 100}
        assert {found.steps for found in progress} == {(0, 5, 50, 100)}
        assert "PASS; a step lasts at least 20 s" in {found.waits_for for found in progress}
        assert all(found.least_seconds == (0 if found.share == 100 else 20) for found in progress)

    def test_scaling_in_is_held_while_a_candidate_has_traffic_and_free_afterwards(self):
        stage = scenes.stage()
        held = {}

        def look():
            endpoint = stage.sagemaker.endpoints[NAME]
            held.setdefault(endpoint.weights.get(names.CANDIDATE, 0), set()).add(endpoint.scale_in_held)

        stage.trouble.watch.append(look)
        promote(stage)
        assert (held[5.0], held[50.0]) == ({True}, {True})
        assert not stage.sagemaker.endpoints[NAME].scale_in_held

    def test_the_policy_and_the_limits_of_its_beginning_are_on_record(self):
        stage = scenes.stage()
        promote(stage)
        opened = stage.ledger.stored[0].entry.what
        assert isinstance(opened, Opened)
        assert (opened.judge, opened.rollout.steps) == (POLICY, STEPS)
        assert opened.limits == stage.file.endpoints["delays"].alarms


class TestNumbers:
    def test_how_far_golden_scores_may_move_is_in_parts_of_what_they_span(self):
        """A candidate that answers .4 more: of a probability too much, of what spans 300 next to nothing."""
        stage = scenes.stage()
        new = stage.pin(2, capacity=COUNT)
        stage.sagemaker.wrong.add(model_of(new))
        stage.artifacts.requests = GOLDEN.model_copy(update={"span": 300.0, "tolerance": 1.0})
        promote(stage)
        assert serves(stage) == config_of(new)


class TestTakenBack:
    @pytest.mark.parametrize("step", [1, 2])
    def test_a_fail_beside_live_is_weight_0_in_one_call_and_then_live_alone(self, step):
        stage = scenes.stage(step_seconds=20)
        before, new = pins_now(stage), stage.pin(2)
        where(stage, "judging", step, lambda: stage.evidence.sick.add(model_of(new)))
        reason = taken_back(stage)
        assert "the judge says FAIL: errors: " in reason
        assert events(stage)[-4:] == ["judged", *BACK]
        assert (judged(stage)[-1].step, judged(stage)[-1].decision) == (step, "FAIL")
        back = after(stage, "ledger: reverting")
        assert [call for call in back if call in {WEIGHTS, UPDATE}] == [WEIGHTS, UPDATE]
        assert stage.sagemaker.rescaled[-1] == (NONE, {})
        assert stage.sagemaker.updates[-1].config == config_of(before.live).name
        assert not stage.sagemaker.endpoints[NAME].scale_in_held
        assert stage.sagemaker.endpoints[NAME].live_count == COUNT
        as_before(stage, before)

    def test_a_fail_does_not_wait_for_the_next_windows(self):
        stage = scenes.stage(step_seconds=20)
        found = []
        where(stage, "reverting", 1, lambda: found.append(stage.clock.now().timestamp()))
        where(stage, "judging", 1, lambda: stage.evidence.sick.add(model_of(stage.pin(2))))
        taken_back(stage)
        after_block = found[0] % BLOCK
        assert POLICY.settle_seconds <= after_block < POLICY.settle_seconds + 2 * watching.POLL_SECONDS

    def test_a_fail_while_it_serves_alone_goes_back_by_one_update(self):
        stage = scenes.stage(bake_seconds=30)
        before, new = pins_now(stage), stage.pin(2)
        where(stage, "judging", 3, lambda: stage.evidence.sick.add(model_of(new)))
        reason = taken_back(stage)
        assert "under the stage's limits: FAIL: errors: more than 1 % answered with a 5xx" in reason
        back = after(stage, "ledger: reverting")
        assert [call for call in back if call in {WEIGHTS, UPDATE}] == [UPDATE]
        as_before(stage, before)

    @pytest.mark.parametrize("wrong", ["wrong", "never"])
    def test_what_answers_wrongly_or_never_arrives_gets_no_traffic_at_all(self, wrong):
        stage = scenes.stage()
        before, new = pins_now(stage), stage.pin(2)
        if wrong == "wrong":
            stage.sagemaker.wrong.add(model_of(new))
        else:
            where(stage, "moving", 0, lambda: stage.sagemaker.never.update(beside_of(stage)))
        taken_back(stage)
        assert stage.sagemaker.rescaled == []
        assert judged(stage) == []
        as_before(stage, before)

    def test_a_fleet_that_does_not_grow_gets_no_more_traffic(self):
        stage = scenes.stage()
        before = pins_now(stage)
        where(stage, "moving", 2, lambda: setattr(stage.sagemaker, "stuck", True))
        where(stage, "reverting", 2, lambda: setattr(stage.sagemaker, "stuck", False))
        assert (
            "the candidate's fleet did not grow to 2 instances. SageMaker's reason: none given"
            in taken_back(stage)
        )
        assert all(weights.get("candidate", 0) <= 5 for weights, _ in stage.sagemaker.rescaled)
        as_before(stage, before)

    def test_weights_that_do_not_move_are_seen(self):
        stage = scenes.stage()
        before = pins_now(stage)
        where(stage, "moving", 1, lambda: setattr(stage.sagemaker, "stuck", True))
        where(stage, "reverting", 1, lambda: setattr(stage.sagemaker, "stuck", False))
        assert "the weight of live is 100.0, the pin says 95.0" in taken_back(stage)
        as_before(stage, before)

    def test_whoever_is_busy_is_asked_again(self):
        stage = scenes.stage()
        where(stage, "moving", 1, lambda: setattr(stage.sagemaker, "busy", 3))
        promote(stage)
        assert stage.sagemaker.busy == 0
        assert len(stage.sagemaker.rescaled) == 3

    def test_a_silent_endpoint_is_taken_back_after_the_most_of_a_step_with_the_reason(self):
        stage, told = scenes.stage(hold_seconds=60), Told()
        before = pins_now(stage)
        stage.evidence.silent = True
        reason = taken_back(stage, told=told)
        assert "held for 60 s without a PASS: no traffic to judge by: send the endpoint requests" in reason
        assert (judged(stage)[-1].decision, judged(stage)[-1].requests) == ("HOLD", 0)
        as_before(stage, before)

    def test_a_silent_bake_is_taken_back_too(self):
        stage = scenes.stage(hold_seconds=60)
        before = pins_now(stage)
        where(stage, "judging", 3, lambda: setattr(stage.evidence, "silent", True))
        assert "held for 60 s without a PASS: PASS waits for any request" in taken_back(stage)
        as_before(stage, before)


def beside_of(stage):
    """Configs in which two variants stand."""
    return {name for name, config in stage.sagemaker.configs.items() if len(config.production) > 1}


class TestTrouble:
    def test_evidence_that_cannot_be_read_holds_it_and_says_so_and_then_it_goes_on(self):
        stage, told = scenes.stage(), Told()
        where(stage, "judging", 1, lambda: setattr(stage.evidence, "unreadable", 20))
        promote(stage, told=told)
        assert "evidence is missing: Rate exceeded" in told.text
        assert stage.clock.seconds > 20
        assert judged(stage)[0].decision == "PASS"

    def test_evidence_that_stays_unreadable_never_passes(self):
        stage = scenes.stage(hold_seconds=60)
        before = pins_now(stage)
        where(stage, "judging", 2, lambda: setattr(stage.evidence, "unreadable", 1000))
        reason = taken_back(stage)
        assert "held for 60 s without a PASS: evidence is missing: Rate exceeded" in reason
        assert (judged(stage)[-1].step, judged(stage)[-1].decision) == (2, "PASS"), (
            "it is not the verdict's fault"
        )
        as_before(stage, before)

    def test_evidence_that_cannot_be_kept_is_not_judged_before_it_is(self):
        stage, told = scenes.stage(), Told()
        where(stage, "judging", 1, lambda: setattr(stage.evidence, "unkept", 12))
        promote(stage, told=told)
        assert "evidence is missing: SlowDown" in told.text
        assert judged(stage)[0].windows == len(scenes.kept(stage, "windows"))

    def test_orders_that_cannot_be_read_hold_it(self, monkeypatch):
        stage, told = scenes.stage(hold_seconds=60), Told()
        before = pins_now(stage)
        where(stage, "judging", 1, lambda: monkeypatch.setattr(stage.evidence, "order", unreadable))
        assert "held for 60 s without a PASS: orders cannot be read: SlowDown" in taken_back(stage, told=told)
        as_before(stage, before)
