"""The runner over fakes, forward and taken back: what is recorded, moved, written and left behind."""

import pytest

from release.domain.deployment import alarm_names
from release.domain.errors import ApplyFailed, ServiceError
from release.domain.ledger import End, Phase
from release.domain.pins import Pins
from release.rollout.strategies import way_back
from tests.release.scenes import (
    NAME,
    as_before,
    at_call,
    begin,
    config_of,
    opened,
    pins_now,
    run,
    serves,
    serving,
    sure,
)

FORWARD = ["creating", "moving", "verifying", "reconciling", "landed"]
BACK = ["reverting", "restoring", "reverted"]


def events(stage):
    """What the ledger says after `opened`."""
    return stage.ledger.events[1:]


def landed(stage, before, new):
    """It ended well: SageMaker, pins and stack say the same."""
    assert serves(stage) == config_of(new)
    assert pins_now(stage) == Pins(live=new, previous=before.live)
    assert stage.ledger.current is None


class TestForward:
    @pytest.mark.parametrize("strategy", ["all-at-once", "canary", "linear"])
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
        assert update.deployment.alarms == alarm_names(update.config)

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
        assert (ended.end, ended.serves) == (End.LANDED, sure(before.previous).release)
        assert pins_now(stage) == Pins(live=before.previous, previous=before.live)
        (update,) = stage.sagemaker.updates
        assert (update.config, update.deployment) == (config_of(before.previous).name, way_back.DEPLOYMENT)
        assert stage.trouble.calls[:3] == ["fence", "ledger: moving", "UpdateEndpoint"]
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
        assert (ended.end, ended.serves) == (End.REVERTED, sure(before.live).release)
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
