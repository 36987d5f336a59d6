"""PASS, FAIL and HOLD: what gives them, what never does."""

import json
from typing import Any

import numpy as np
import pytest

from release.domain.policy import Policy
from release.judge.cells import CELLS, SPANS
from release.judge.judge import Block, Judge, judge
from release.judge.verdict import Decision
from tests.examples import repeats
from tests.release.judge.traffic import QUICK, fold, pair


def test_equal_variants_pass() -> None:
    verdict = fold(*pair(1, blocks=80)).verdict()
    assert verdict.decision is Decision.PASS
    assert {reason.state for reason in verdict.reasons} == {"within"}


@pytest.mark.parametrize(
    ("bad", "metric"),
    [
        ({"errors": 0.05}, "errors"),
        ({"slower": 1.3}, "latency"),
        ({"score": 0.8}, "score"),
        ({"score": -0.8}, "score"),
        ({"invalid": 0.05}, "invalid"),
    ],
)
def test_a_regression_fails_and_says_why(bad: dict[str, Any], metric: str) -> None:
    verdict = fold(*pair(2, **bad)).verdict()
    assert verdict.decision is Decision.FAIL
    assert verdict.because.startswith(f"{metric}:")
    assert [r.state for r in verdict.reasons if r.metric == metric] == ["beyond"]


def test_fail_is_final() -> None:
    candidate, live = pair(2, errors=0.2)
    failing = fold(candidate, live)
    before = failing.verdict()
    for mine, theirs in zip(*pair(3, blocks=200), strict=True):
        failing.add(Block(mine, theirs))
        assert failing.decision() is Decision.FAIL
    assert failing.verdict() == before


def test_no_evidence_holds() -> None:
    assert Judge(Policy()).verdict().decision is Decision.HOLD
    candidate, live = pair(1)
    assert fold(np.zeros_like(candidate), live).verdict().decision is Decision.HOLD
    assert fold(candidate, np.zeros_like(live)).verdict().decision is Decision.HOLD


def test_few_requests_hold_forever() -> None:
    candidate, live = pair(1, blocks=200, candidate=1)
    candidate[40:] = 0
    assert fold(candidate, live).verdict().decision is Decision.HOLD


def test_evidence_that_stopped_holds() -> None:
    candidate, live = pair(1, blocks=80)
    assert fold(candidate, live).decision() is Decision.PASS
    silent = np.zeros((20, CELLS))
    later = fold(np.vstack([candidate, silent]), np.vstack([live, live[:20]]))
    assert later.decision() is Decision.HOLD
    assert "none of both variants for" in later.verdict().because


def test_a_metric_without_evidence_holds() -> None:
    """A container that stopped to report scores: errors and latencies alone do not pass."""
    candidate, live = pair(1, blocks=80)
    score = SPANS["score"]
    candidate[:, score.start : score.stop] = 0
    verdict = fold(candidate, live).verdict()
    assert verdict.decision is Decision.HOLD
    assert "no evidence" in [r.state for r in verdict.reasons if r.metric == "score"]


def test_a_policy_may_do_without_scores() -> None:
    candidate, live = pair(1, blocks=80)
    for table in (candidate, live):
        table[:, SPANS["score"].start : SPANS["score"].stop] = 0
    policy = QUICK.model_copy(update={"require": ("errors", "invalid", "latency")})
    assert fold(candidate, live, policy).decision() is Decision.PASS


def test_an_incident_common_to_both_does_not_fail() -> None:
    candidate, live = pair(4, blocks=80)
    candidate[40:60] = pair(6, blocks=80, errors=0.2, slower=2.5)[0][40:60]
    live[40:60] = pair(8, blocks=80, candidate=300, errors=0.2, slower=2.5)[0][40:60]
    assert fold(candidate, live).decision() is not Decision.FAIL


def test_errors_in_one_long_outage_fail() -> None:
    """Clumps count once, but an outage is not one clump."""
    verdict = fold(*pair(2, blocks=20, errors=1.0)).verdict()
    assert verdict.decision is Decision.FAIL
    assert verdict.requests <= 200


def test_metrics_that_are_not_required_can_fail_but_not_block() -> None:
    candidate, live = pair(1, blocks=80)
    start = SPANS["agreement"].start
    candidate[40:, start] = 100
    assert fold(candidate, live).decision() is Decision.PASS
    candidate[40:, start : start + 2] = (70, 30)
    verdict = fold(candidate, live).verdict()
    assert (verdict.decision, verdict.because.split(":")[0]) == (Decision.FAIL, "agreement")


def test_labels_that_come_late_can_fail() -> None:
    rng = np.random.default_rng(9)
    candidate, live = pair(1, blocks=80)
    span = SPANS["loss"]
    for table, mean in ((candidate, 12), (live, 6)):
        for index in range(50, 80):
            bins = rng.poisson(mean, 200).clip(0, span.size - 1)
            table[index, span.start : span.stop] = np.bincount(bins, minlength=span.size)
    assert fold(candidate, live).verdict().because.startswith("loss:")


def test_swapping_equal_variants_is_symmetric_in_distribution() -> None:
    """At equal traffic, the evidence against either of two equal variants has one distribution."""
    policy = QUICK
    ways: list[list[float]] = [[], []]
    for seed in range(repeats(25, 8)):
        one, other = pair(seed, blocks=30, live=100, candidate=100)
        one[:12] = pair(seed + 1000, blocks=12, live=100)[1]
        for way, (mine, theirs) in zip(ways, ((one, other), (other, one)), strict=True):
            mine = mine.copy()
            mine[:12] = 0
            way.append(fold(mine, theirs, policy).log_fail())
    first, second = (np.sort(way) for way in ways)
    assert abs(np.median(first) - np.median(second)) < 0.5
    assert max(first[-1], second[-1]) < -np.log(policy.alpha)


def test_peeking_at_equal_variants_keeps_its_promise() -> None:
    """Asked after each block, no run fails (alpha is 1 %, and equal is well within the margins)."""
    for seed in range(repeats(40, 8)):
        assert fold(*pair(seed, blocks=30)).failed is None


def test_bounds_cover_the_truth_at_every_moment() -> None:
    """However often they are looked at, the bounds of the excess miss it in few runs (alpha is 1 %)."""
    missed = 0
    for seed in range(repeats(40, 8)):
        judge = Judge(QUICK)
        row = judge.table.names.index("errors")
        good = judge.table.names.index("errors capped")
        truth = 0.03 - 1.25 * 0.001, 0.03 - 0.001
        wrong = False
        for mine, theirs in zip(*pair(seed, blocks=40, errors=0.03), strict=True):
            judge.add(Block(mine, theirs))
            bounds = judge.processes.excess(0.01)
            wrong |= bounds[row] > truth[0] or bounds[good] < truth[1]
        missed += wrong
    assert missed <= 2


def test_judging_at_once_is_the_fold() -> None:
    candidate, live = pair(1, blocks=40)
    blocks = [Block(mine, theirs) for mine, theirs in zip(candidate, live, strict=True)]
    assert judge(blocks, QUICK) == fold(candidate, live).verdict()


def test_each_reason_is_one_line_with_band_margin_and_what_would_decide() -> None:
    verdict = fold(*pair(1, blocks=16)).verdict()
    record = verdict.record()
    assert json.loads(json.dumps(record))["decision"] == "HOLD"
    assert record["lines"][0].startswith("errors:")
    for reason, line in zip(verdict.reasons, record["lines"], strict=True):
        assert "\n" not in line
        assert f"in {reason.requests:,}" in line
        assert reason.fails in line
    undecided = [r for r in verdict.reasons if r.state == "undecided"]
    assert undecided
    assert all(r.needs for r in undecided)


def test_capital_is_moved_and_never_made() -> None:
    """Blocks without evidence leave every process at 1 or below, however often the reserve is invested."""
    judge = Judge(QUICK)
    for _ in range(repeats(500, 100)):
        judge.add(Block(np.eye(1, CELLS, SPANS["requests"].start)[0], np.zeros(CELLS)))
    assert (judge.processes.log_wealth <= 1e-9).all()


def test_an_incident_of_live_proves_nothing() -> None:
    """The candidate looks splendid beside a live that fails: that is no evidence that it is good."""
    candidate, live = pair(4, blocks=60)
    before = fold(candidate[:40], live[:40]).processes.log_wealth
    live[40:] = pair(8, blocks=60, candidate=300, errors=0.3, slower=2.5)[0][40:]
    judge = fold(candidate, live)
    passes = ~judge.table.fails
    assert (judge.processes.log_wealth[passes] <= before[passes] + 1e-9).all()


def test_a_slow_down_that_hosts_may_differ_by_waits_for_the_noise() -> None:
    """+12 % is proven long before it is blamed on the release; +40 % is blamed at once."""
    slow = fold(*pair(2, blocks=12 + 30, slower=1.12))
    assert slow.processes.log_wealth[slow.table.names.index("body")] > 10
    assert slow.decision() is Decision.HOLD
    assert [r.state for r in slow.verdict().reasons if r.metric == "latency"] == ["undecided"]
    assert fold(*pair(2, blocks=12 + 40, slower=1.12)).decision() is Decision.FAIL
    assert fold(*pair(2, blocks=12 + 4, slower=1.4)).decision() is Decision.FAIL
