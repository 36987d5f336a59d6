"""Without windows: captured answers fail what drifts or is not finite, and a PASS says how many came."""

import json
from typing import Any

import numpy as np
import pytest

from release.domain.captures import Aside, Counted, Reading, range_of, read
from release.domain.golden import Golden
from release.domain.policy import Policy
from release.judge.alone import Alone, Limits
from release.judge.cells import SCHEMA, SCORE_BINS, SPANS, empty, unit_bins
from release.judge.estimate import Assumptions, estimate
from release.judge.fold import Fold
from release.judge.judge import BY_INVOCATIONS, Block, Judge
from release.judge.verdict import Decision, Verdict
from release.judge.windows import Refused, merge, parse, record
from tests.examples import repeats
from tests.release.judge.test_alone import lines
from tests.release.judge.test_invocations import minute, minutes
from tests.release.judge.traffic import fold
from tests.release.test_captures import line as captured_line
from tests.release.test_captures import request

POLICY = Policy().by_invocations(captured=10)
REQUIRED = Policy(require=("service", "latency", "score", "invalid")).by_invocations(captured=10)


NAMED = {
    "schema": SCHEMA,
    "id": "one",
    "variant": "live",
    "start": 0,
    "end": 60,
    "captured": {"set_aside": {Aside.LATE: 3}},
}
"""A window that counts nothing, and says why."""


def answers(rng, count, shift=0.0, nan=0.0):
    """The captured answers of one variant in a minute; their scores lie around .5 plus `shift`."""
    found, invalid = empty(), rng.binomial(count, nan)
    scores = np.clip(rng.normal(0.5 + shift, 0.15, size=count - invalid), 0, 1)
    bins = np.bincount(unit_bins(scores, SCORE_BINS), minlength=SCORE_BINS)
    found[SPANS["score"].start : SPANS["score"].stop] = bins
    found[SPANS["invalid"].start : SPANS["invalid"].stop] = count - invalid, invalid
    return found


def judged(seed=1, policy=POLICY, mine=150, live=300, count=15, since=4, **bad) -> Judge:
    """What SageMaker counts is alike; so many answers are captured a minute, the candidate's are `bad`."""
    candidate, theirs = minutes(seed, count=count)
    rng = np.random.default_rng(seed)
    for index in range(count):
        theirs[index] += answers(rng, live)
        if index >= since:
            candidate[index] += answers(rng, mine, **bad)
    return fold(candidate, theirs, policy=policy)


def verdict(*args, **named) -> Verdict:
    return judged(*args, **named).verdict()


@pytest.mark.parametrize("policy", [POLICY, REQUIRED])
def test_alike_ones_pass_and_it_is_said_how_many_captured_answers_that_rests_on(policy):
    found = verdict(policy=policy, mine=300, count=30)
    assert found.decision is Decision.PASS
    assert "7,800 captured answers of the candidate and 9,000 of live, a sample of 10 %" in found.because
    assert "score drift" not in found.because
    told = {reason.metric: reason for reason in found.reasons}
    assert told.keys() == {"service", "latency", "invalid", "score"}
    assert (told["score"].requests, told["score"].live_requests) == (7800, 7800)


@pytest.mark.parametrize("policy", [POLICY, REQUIRED])
@pytest.mark.parametrize(
    ("bad", "metric"), [({"shift": 0.1}, "score"), ({"shift": -0.1}, "score"), ({"nan": 0.05}, "invalid")]
)
def test_what_drifts_or_is_not_finite_fails_and_says_why(policy, bad, metric):
    found = verdict(policy=policy, **bad)
    assert found.decision is Decision.FAIL
    assert found.because.startswith(f"{metric}:")


def test_alike_ones_are_not_failed_by_chance():
    for seed in range(repeats(40, 8)):
        assert verdict(seed).decision is not Decision.FAIL


def test_they_can_fail_and_are_needed_for_no_pass_but_it_is_said_that_none_came():
    none, one_side = verdict(mine=0, live=0), verdict(mine=0)
    assert none.decision is one_side.decision is Decision.PASS
    assert (
        none.because
        == f"{BY_INVOCATIONS}; answers are captured, and 0 of the candidate and 0 of live came in time"
    )
    assert "0 of the candidate and 4,500 of live" in one_side.because
    assert [reason.metric for reason in none.reasons] == ["service", "latency"]


def pairs(p):
    """A row of two probabilities, the second `p`."""
    return [1 - p, p]


def triples(p):
    """A row of three, the second `p`."""
    return [0.9 - p, p, 0.1]


def columns(p):
    """Two numbers that are none: hundreds, and one of less."""
    return [500 + 900 * p, p]


def rows_judged(row, spread, live, candidate) -> Verdict:
    """Live and candidate answer two rows at a time, each a `row` of what lies within a `spread` of theirs."""
    live_golden = Golden(tolerance=0.001, requests=(request([row(0.25), row(0.5)], answer_at="/rows"),))
    reading, (low, high) = Reading.of(live_golden, Counted.of(live_golden)), range_of(live_golden)
    rng = np.random.default_rng(1)

    def counted(around) -> np.ndarray:
        """In which bins a thousand answers come."""
        answered = [{"rows": [row(p) for p in around + rng.normal(0, spread, size=2)]} for _ in range(1000)]
        read_back = [
            read(captured_line(json.dumps(answer), event=str(event)), reading).number
            for event, answer in enumerate(answered)
        ]
        shares = (np.array(read_back, dtype=float) - low) / (high - low)
        return unit_bins(np.clip(shares, 0, 1), SCORE_BINS)

    minutes_of_both = minutes(1, count=20)
    for of_variant, bins in zip(minutes_of_both, (counted(candidate), counted(live)), strict=True):
        for found in of_variant:
            answered = np.bincount(rng.choice(bins, 300), minlength=SCORE_BINS)
            found[SPANS["score"].start : SPANS["score"].stop] += answered
            found[SPANS["invalid"].start] += 300
    return fold(*minutes_of_both, policy=REQUIRED).verdict()


@pytest.mark.parametrize(
    ("row", "spread"), [(pairs, 0.1), (triples, 0.05), (columns, 0.1), (lambda p: p, 0.1)]
)
def test_rows_of_several_numbers_fail_and_pass_as_those_of_one(row, spread):
    """Neither classes that changed places nor a small shift is averaged away among a row's numbers."""
    assert rows_judged(row, spread, 0.3, 0.3).decision is Decision.PASS
    for candidate in (0.35, 0.6, 0.7):
        found = rows_judged(row, spread, 0.3, candidate)
        assert found.decision is Decision.FAIL
        assert found.because.startswith("score:")


@pytest.mark.parametrize(("mine", "live"), [(0, 0), (150, 0), (0, 300)])
def test_where_a_stage_requires_them_missing_ones_hold(mine, live):
    found = judged(policy=REQUIRED, mine=mine, live=live, count=40)
    assert found.decision() is Decision.HOLD
    assert "score higher ok" in found.unproven()
    assert "invalid ok" in found.unproven()
    assert "captured answers: none of both variants for 2400 s" in found.verdict().because


def test_where_a_stage_requires_them_and_they_cease_to_come_it_holds():
    found = judged(policy=REQUIRED, mine=300, count=30)
    assert found.decision() is Decision.PASS
    for candidate, live in zip(*minutes(9, count=6), strict=True):
        found.add(Block(candidate, live))
    assert found.verdict().because == "PASS waits for captured answers: none of both variants for 360 s"


def test_what_is_required_of_them_is_what_the_stage_itself_names():
    assert POLICY.require == ("service", "latency")
    assert REQUIRED.require == ("service", "latency", "invalid", "score")
    asked = Policy(require=("service", "latency", "score")).for_objective(200)
    assert asked.by_invocations(captured=5).require == ("service", "latency", "score")
    assert asked.by_invocations().require == ("service", "latency")
    for one in (POLICY, REQUIRED):
        assert Policy.model_validate(one.model_dump()) == one, "it is recorded, and read again"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"by": "invocations", "captured": 5, "require": ("errors",)}, "nobody sees errors"),
        ({"by": "windows", "captured": 5}, "by invocations alone"),
        ({"by": "invocations", "captured": 101, "require": ("service",)}, "less than or equal to 100"),
    ],
)
def test_what_captured_answers_do_not_show_cannot_be_required(wrong, said):
    with pytest.raises(ValueError, match=said):
        Policy(**wrong)


def test_what_else_sagemaker_counts_is_judged_as_without_them():
    for bad, metric in (({"errors": 0.03}, "service"), ({"slower": 1.6}, "latency")):
        found = fold(*minutes(3, **bad), policy=POLICY).verdict()
        assert found.because.startswith(f"{metric}:")


class TestEstimate:
    """How long it takes, of a sample of the answers."""

    TRAFFIC = Assumptions(rate=50, weight=0.25)

    def passes(self, policy: Policy) -> float:
        return estimate(policy, self.TRAFFIC)[0].requests

    def test_what_is_not_required_takes_no_time(self):
        assert self.passes(POLICY) == self.passes(Policy().by_invocations())

    def test_the_smaller_the_sample_the_longer_a_required_proof_takes(self):
        asked = Policy(require=("service", "latency", "invalid"))
        all_of_them, some, few = (self.passes(asked.by_invocations(captured=p)) for p in (100, 10, 1))
        assert all_of_them < some < few
        assert few == pytest.approx(10 * some, rel=0.01)

    def test_so_does_a_regression(self):
        found = [estimate(Policy().by_invocations(captured=p), self.TRAFFIC)[-2:] for p in (100, 10)]
        for whole, tenth in zip(*found, strict=True):
            assert whole.what == tenth.what
            assert tenth.requests == pytest.approx(10 * whole.requests, rel=0.02)

    def test_where_live_s_sample_is_forgotten_as_fast_as_it_comes_there_is_no_pass(self):
        asked = Policy(require=("service", "latency", "score"))
        slow = Assumptions(rate=2, weight=0.25)
        assert estimate(asked.by_invocations(captured=1), slow)[0].requests == float("inf")
        assert estimate(Policy().by_invocations(captured=1), slow)[0].requests < float("inf")


class TestWindow:
    """A window of captured answers."""

    def test_it_counts_answers_and_no_requests(self):
        counts = answers(np.random.default_rng(1), 50, nan=0.2)
        written: dict[str, Any] = record("live", 0, 60, counts, "one")
        assert written["captured"]["answers"] == 50
        assert (parse(written).dense() == counts).all()

    def test_it_names_what_is_no_evidence(self):
        window = parse(NAMED)
        assert window.set_aside == {Aside.LATE: 3}
        assert not window.dense().any()
        assert merge(window, window).set_aside == {Aside.LATE: 6}

    def test_a_verdict_names_it_too(self):
        found = Fold(POLICY)
        found.add(json.dumps(NAMED))
        found.add(
            json.dumps(NAMED | {"id": "two", "captured": {"set_aside": {Aside.LINE: 1, Aside.LATE: 1}}})
        )
        assert found.verdict().set_aside == {Aside.LATE: 4, Aside.LINE: 1}
        found.add("nonsense")
        assert found.verdict().aside() == [f"{Aside.LATE}: 4", f"{Aside.LINE}: 1", "1 windows: unreadable"]

    @pytest.mark.parametrize(
        "captured",
        [
            7,
            {"answers": -1},
            {"answers": 1, "invalid": 2},
            {"set_aside": {"something else": 1}},
            {"set_aside": {"captured line that is no record": -1}},
            {"set_aside": [1]},
        ],
    )
    def test_one_that_makes_no_sense_is_refused(self, captured):
        with pytest.raises(Refused):
            parse(record("live", 0, 60, empty(), "one") | {"captured": captured})


class TestAlone:
    LIMITS = Limits(errors=0.01, latency=0.5)

    def judged(self, captured: int, nan: float = 0.0, required: bool = False) -> Verdict:
        found, rng = Alone(self.LIMITS, by_windows=False, captured=required), np.random.default_rng(1)
        for line in lines(np.array([minute(rng, 3000) + answers(rng, captured, nan=nan) for _ in range(5)])):
            found.add(line)
        return found.verdict()

    def test_finite_ones_pass_and_are_counted(self):
        found = self.judged(300, required=True)
        assert found.decision is Decision.PASS
        assert "of 1,500 captured answers 0 were not a finite number" in found.because
        assert found.requests == 15_000

    def test_they_are_counted_where_they_come_apart_from_what_sagemaker_counts(self):
        found, rng = Alone(self.LIMITS, by_windows=False), np.random.default_rng(1)
        for line in lines(np.array([answers(rng, 300, nan=0.1)] * 5)):
            found.add(line)
        assert found.verdict().because.startswith("invalid:")

    def test_what_is_no_evidence_is_named(self):
        found = Alone(self.LIMITS, by_windows=False)
        found.add(json.dumps(NAMED))
        assert found.verdict().set_aside == {Aside.LATE: 3}

    def test_those_that_are_not_finite_fail(self):
        assert self.judged(300, nan=0.1).because.startswith("invalid:")

    def test_where_they_are_required_missing_ones_hold(self):
        assert self.judged(0).decision is Decision.PASS
        assert self.judged(0, required=True).because == "PASS waits for proof of invalid"
