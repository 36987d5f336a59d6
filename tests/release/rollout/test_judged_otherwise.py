"""Judged rollouts over fakes: what people, hours, a first release, a shadow and changed settings do."""

import pytest

from release.domain import names
from release.domain.errors import UsageError
from release.domain.ledger import Opened
from release.domain.pins import Pins
from tests.fakes.world import Told
from tests.release.rollout import judged_scenes as scenes
from tests.release.rollout.judged_scenes import (
    BACK,
    COUNT,
    STEP,
    at_second,
    events,
    judged,
    model_of,
    order,
    promote,
    taken_back,
    where,
)
from tests.release.scenes import NAME, as_before, config_of, pins_now, serves

PLACES = [
    ("creating", 0),
    ("moving", 0),
    ("moving", 1),
    ("judging", 1),
    ("moving", 2),
    ("judging", 2),
    ("judging", 3),
]


class TestOrders:
    @pytest.mark.parametrize(
        ("phase", "step"), [*PLACES, ("verifying", 0), ("verifying", 2), ("verifying", 3)]
    )
    def test_an_abort_at_any_phase_takes_it_back(self, phase, step):
        stage = scenes.stage()
        before = pins_now(stage)
        where(stage, phase, step, lambda: order(stage, "abort", "callers complain"))
        assert "ada on ci-1 said abort: callers complain" in taken_back(stage)
        assert events(stage)[-3:] == BACK
        assert max((weights.get("candidate", 0) for weights, _ in stage.sagemaker.rescaled), default=0) <= 50
        as_before(stage, before)

    @pytest.mark.parametrize(("phase", "step"), PLACES)
    def test_held_at_any_phase_it_stands_until_it_is_resumed_and_its_time_does_not_count(self, phase, step):
        stage, told = scenes.stage(hold_seconds=60), Told()
        where(stage, phase, step, lambda: order(stage, "hold"))
        seen = []
        at_second(stage, 100, lambda: (seen.append(scenes.opened(stage)), order(stage, "resume", "fine")))
        promote(stage, told=told)
        assert stage.clock.seconds >= 100
        (stood,) = seen
        first = max(step, 1)
        assert (stood.phase, stood.step) in {("moving", first), ("judging", first)}
        assert told.text.count("ada on ci-1 said hold; ./slipway resume lets it go on") > 0

    def test_the_time_in_which_it_was_held_does_not_count_without_a_pass_either(self):
        stage = scenes.stage(hold_seconds=60)
        stage.evidence.silent = True
        where(stage, "judging", 1, lambda: order(stage, "hold"))
        at_second(stage, 100, lambda: order(stage, "resume"))
        at_second(stage, 140, lambda: setattr(stage.evidence, "silent", False))
        promote(stage)
        assert stage.clock.seconds > 140

    def test_what_fails_while_it_is_held_is_taken_back(self):
        stage = scenes.stage()
        before, new = pins_now(stage), stage.pin(2)
        where(stage, "judging", 1, lambda: order(stage, "hold"))
        at_second(stage, 40, lambda: stage.evidence.sick.add(model_of(new)))
        assert "the judge says FAIL" in taken_back(stage)
        assert stage.clock.seconds < 70
        as_before(stage, before)


class TestHours:
    # The fake clock begins on a Thursday, at midnight UTC.
    @pytest.mark.parametrize("phase", ["moving", "judging"])
    def test_outside_the_hours_no_step_gives_more_traffic(self, phase):
        """Closed until ten minutes past midnight; or open, but not for longer than the first step."""
        hours = "Thu 00:10-24:00" if phase == "moving" else "Thu 00:00-00:01"
        stage, told = scenes.stage(hours=hours, step_seconds=60, hold_seconds=120), Told()
        shares = {}

        def look():
            share = stage.sagemaker.endpoints[NAME].weights.get(names.CANDIDATE, 0)
            shares.setdefault(share, stage.clock.seconds)

        stage.trouble.watch.append(look)
        if phase == "judging":
            at_second(stage, 120, lambda: order(stage, "abort"))
            taken_back(stage, told=told)
            assert max(shares) == 5
        else:
            promote(stage, told=told)
            assert shares[5] >= 600
        assert "waiting for the stage's rollout hours" in told.text

    def test_the_bake_ends_at_any_time(self):
        stage = scenes.stage(hours="Thu 00:00-00:01", bake_seconds=200, hold_seconds=300)
        promote(stage)
        assert stage.clock.seconds > 200


class TestFirstRelease:
    def test_the_golden_requests_are_its_traffic_and_it_is_watched_alone(self):
        stage = scenes.stage(live=None, bake_seconds=10)
        new = stage.pin(2)
        promote(stage)
        assert events(stage) == ["opened", "creating", *STEP, "reconciling", "landed"]
        assert serves(stage) == config_of(new)
        assert stage.trouble.calls.count("InvokeEndpoint") >= 40
        assert stage.sagemaker.rescaled == stage.sagemaker.updates == []

    def test_a_wrong_answer_among_them_takes_it_back(self):
        stage = scenes.stage(live=None, bake_seconds=10)
        new = stage.pin(2)
        where(stage, "judging", 0, lambda: stage.sagemaker.wrong.add(model_of(new)))
        assert "golden request 1 of 1: row 0 scored" in taken_back(stage)
        assert pins_now(stage) == Pins()
        assert stage.sagemaker.endpoints == {}

    def test_it_does_not_wait_for_hours_which_are_about_moving_traffic(self):
        stage = scenes.stage(live=None, hours="Fri 09:00-16:00")
        promote(stage)
        assert stage.clock.seconds < 100


class TestShadow:
    def test_it_is_judged_in_the_shadow_first_and_no_request_is_aimed_at_it_there(self):
        stage = scenes.stage(strategy="shadow")
        shadowed = []

        def look():
            config = stage.sagemaker.endpoints[NAME].config
            if config.shadow and stage.trouble.calls[-1:] != []:
                shadowed.append(stage.trouble.calls[-1])

        stage.trouble.watch.append(look)
        promote(stage)
        assert shadowed
        assert not any(call.startswith("Invoke") for call in shadowed)
        assert [(found.step, found.share) for found in judged(stage)] == [(0, 0), (2, 5), (3, 50), (4, 100)]
        assert events(stage)[:8] == [
            *("opened", "creating"),
            *STEP,
            *("moving", "verifying"),
        ]

    def test_what_fails_in_the_shadow_never_answers_anybody(self):
        stage = scenes.stage(strategy="shadow")
        before, new = pins_now(stage), stage.pin(2)
        stage.evidence.sick.add(model_of(new))
        assert "the judge says FAIL" in taken_back(stage)
        assert stage.sagemaker.rescaled == []
        as_before(stage, before)


class TestSettings:
    def test_another_strategy_is_on_record_and_taken(self):
        stage = scenes.stage(allow=["canary"])
        promote(stage, strategy="canary")
        opened = stage.ledger.stored[0].entry.what
        assert isinstance(opened, Opened)
        assert (opened.rollout.strategy, opened.judge) == ("canary", None)
        assert [update.deployment and update.deployment.routing for update in stage.sagemaker.updates] == [
            "CANARY"
        ]
        assert stage.file.endpoints["delays"].rollout.strategy == "judged"

    def test_and_refused_where_the_data_does_not_allow_it(self):
        stage = scenes.stage()
        before = pins_now(stage)
        with pytest.raises(UsageError, match="does not allow the strategy 'linear'"):
            promote(stage, strategy="linear")
        assert (stage.ledger.stored, pins_now(stage)) == ([], before)

    @pytest.mark.parametrize(
        "change", [{"strategy": "canary"}, {"steps": (1, 2, 3)}, {"strategy": "all-at-once"}]
    )
    @pytest.mark.parametrize("step", [1, 2])
    def test_a_stage_file_that_changes_meanwhile_changes_nothing_and_deletes_nothing(self, change, step):
        stage = scenes.stage(step_seconds=10)
        new = stage.pin(2, capacity=COUNT)

        def edit():
            settings = stage.file.endpoints["delays"]
            rollout = settings.rollout.model_copy(update=change)
            stage.file.endpoints["delays"] = settings.model_copy(update={"rollout": rollout})
            configs = set(stage.sagemaker.configs)
            stage.stack.up()
            assert set(stage.sagemaker.configs) == configs

        where(stage, "judging", step, edit)
        promote(stage)
        assert [found.share for found in judged(stage)] == [5, 50, 100]
        assert serves(stage) == config_of(new)
