"""Settings of a judged rollout that cannot work, policies that cannot decide: refused, with the numbers."""

import pytest
from pydantic import ValidationError

from release.domain.errors import UsageError
from release.domain.pins import RolloutSettings
from release.domain.policy import Policy, RateMargin
from release.judge.estimate import Assumptions, estimate
from release.rollout.feasible import problem, too_short, words


def judged(**changes):
    return RolloutSettings.model_validate({"strategy": "judged"} | changes)


class TestSettings:
    @pytest.mark.parametrize(
        ("steps", "why"),
        [
            ((5, 1), "steps 5, 1 do not rise"),
            ((1, 5, 5), "steps 1, 5, 5 do not rise"),
            ((), "at least 1 item"),
            ((0, 5), "greater than or equal to 1"),
            ((50, 100), "less than or equal to 99"),
            (tuple(range(1, 22)), "at most 20 items"),
        ],
    )
    def test_steps_give_more_and_more_of_the_traffic(self, steps, why):
        with pytest.raises(ValidationError, match=why):
            RolloutSettings(steps=steps)

    @pytest.mark.parametrize("steps", [(1,), (99,), (1, 2, 99)])
    def test_and_any_that_do_are_fine(self, steps):
        assert RolloutSettings(steps=steps).steps == steps

    def test_a_step_may_be_left_before_it_is_taken_back(self):
        with pytest.raises(ValidationError, match=r"hold_seconds \(60\) is shorter than step_seconds \(61\)"):
            RolloutSettings(step_seconds=61, hold_seconds=60)
        assert RolloutSettings(step_seconds=60, hold_seconds=60).hold_seconds == 60

    def test_without_a_word_a_stage_has_its_own_strategy(self):
        settings = judged(allow=["canary"])
        assert settings.by(None) is settings
        assert settings.by("judged") is settings

    def test_another_is_taken_where_the_data_allows_it_and_changes_nothing_else(self):
        settings = judged(allow=["canary"], steps=[2, 3])
        assert settings.by("canary") == settings.model_copy(update={"strategy": "canary"})

    def test_and_refused_where_not_with_the_ones_that_are(self):
        with pytest.raises(UsageError, match="does not allow the strategy 'linear'") as caught:
            judged(allow=["canary", "judged", "shadow"]).by("linear")
        assert caught.value.next_step.startswith("Use one of: judged, canary, shadow; or add it to")


class TestTraffic:
    def test_too_little_is_refused_with_the_arithmetic(self):
        settings, policy = judged(steps=[1, 50], hold_seconds=3600), Policy()
        [passes] = [line for line in estimate(policy, Assumptions(2.0, 0.01)) if line.verdict == "PASS"]
        assert problem(settings, policy, 2.0) == (
            f"at 2 requests/s and 1 % weight, the {passes.requests:,.0f} requests of the candidate that a "
            f"PASS needs take {words(passes.seconds)}, and a step is taken back after 1 h 0 min"
        )
        assert passes.seconds == pytest.approx(passes.requests / 0.02, rel=0.001)

    def test_a_verdict_that_comes_in_the_last_second_is_in_time(self):
        [passes] = [line for line in estimate(Policy(), Assumptions(2.0, 0.5)) if line.verdict == "PASS"]
        seconds = int(passes.seconds)
        assert problem(judged(steps=[50], hold_seconds=seconds), Policy(), 2.0) is None
        assert problem(judged(steps=[50], hold_seconds=seconds - 1), Policy(), 2.0) is not None

    @pytest.mark.parametrize("strategy", ["judged", "shadow"])
    def test_the_first_step_decides_and_its_time(self, strategy):
        policy = Policy()

        def refused(**changes):
            return problem(judged(strategy=strategy, **changes), policy, 20.0) is not None

        assert refused(steps=[1, 99], hold_seconds=3600)
        assert not refused(steps=[50], hold_seconds=3600)
        assert not refused(steps=[1, 99], hold_seconds=604_800)

    @pytest.mark.parametrize("strategy", ["all-at-once", "canary", "linear"])
    def test_nobody_is_asked_where_nothing_is_judged(self, strategy):
        settings = judged(strategy=strategy, steps=[1], step_seconds=0, hold_seconds=10)
        assert problem(settings, Policy(), 0.001) is None
        assert too_short(settings, Policy()) is None

    def test_an_unknown_rate_is_no_problem_known_beforehand(self):
        assert problem(judged(steps=[1]), Policy(), 0.0) is None

    def test_a_policy_that_no_candidate_can_pass_is_refused_whatever_the_time(self):
        tight = {"fail_times": 1.01, "pass_times": 1.01}
        none = {"fail_plus": 0.0, "pass_plus": 0.0, "pass_at_most_plus": 0.0}
        policy = Policy(errors=RateMargin.model_validate(tight | none))
        assert problem(judged(steps=[50], hold_seconds=604_800), policy, 1000.0) == (
            "at 1000 requests/s and 50 % weight, no number of requests is enough for a PASS, and a step is "
            "taken back after 168 h 0 min"
        )

    def test_a_live_release_that_is_forgotten_sooner_than_it_can_be_compared_with_is_refused(self):
        settings, policy = judged(steps=[50], hold_seconds=604_800), Policy(memory_seconds=60)
        assert problem(settings, policy, 8.0) == (
            "at 8 requests/s and 50 % weight, live is remembered by 250 requests (judge.memory_seconds is "
            "60), and latencies and scores are compared with 300 (judge.history_requests): there would be "
            "no PASS, and a step is taken back after 168 h 0 min"
        )
        assert problem(settings, policy, 10.0) is None
        assert problem(settings, policy.model_copy(update={"memory_seconds": 80}), 8.0) is None
        assert problem(settings, policy.model_copy(update={"require": ("errors",)}), 8.0) is None

    def test_a_step_that_is_shorter_than_the_policy_wants_can_never_pass(self):
        settings = judged(step_seconds=0, hold_seconds=364)
        assert too_short(settings, Policy()) == (
            "rollout.hold_seconds is 364, and judge.min_seconds wants 365 s of evidence before a PASS: every "
            "step would be taken back"
        )
        assert too_short(judged(hold_seconds=365), Policy()) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (40, "40 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (720, "12 min"),
        (3570, "1 h 0 min"),
        (15_000, "4 h 10 min"),
    ],
)
def test_a_time_as_people_say_it(seconds, said):
    assert words(seconds) == said
