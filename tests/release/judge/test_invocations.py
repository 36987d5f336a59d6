"""Judged by what SageMaker counts alone: what is worse fails, what is alike passes, and nothing else does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain.policy import Policy
from release.judge.alone import KEPT_BY_INVOCATIONS, Alone, Limits
from release.judge.cells import CELLS, PACE_BINS, PACE_SLOW, PACE_STEP, SPANS, empty, pace_edges
from release.judge.estimate import Assumptions, estimate
from release.judge.judge import BY_INVOCATIONS, Block, Judge
from release.judge.questions import questions
from release.judge.table import CANDIDATE, LIVE, Table
from release.judge.verdict import Decision, Verdict
from tests.examples import repeats
from tests.release.judge.test_alone import lines
from tests.release.judge.traffic import fold

POLICY = Policy().by_invocations()
OBJECTIVE = 0.5
EDGES = np.array(pace_edges(OBJECTIVE))


def minute(rng, requests, slower=1.0, errors=0.001, median=0.07, spread=0.4):
    """What SageMaker counts of one variant in a minute."""
    found = empty()
    failed = rng.binomial(requests, errors)
    found[SPANS["service"].start : SPANS["service"].stop] = requests - failed, failed
    return found + cells(slower * median * np.exp(spread * rng.normal(size=requests)))


def minutes(seed, count=12, live=3000, candidate=1500, median=0.07, spread=0.4, **bad):
    """Both variants' minutes; `bad` is wrong with the candidate. In the first two live is alone."""
    rng = np.random.default_rng(seed)
    theirs = np.array([minute(rng, live, median=median, spread=spread) for _ in range(count)])
    mine = [minute(rng, candidate, median=median, spread=spread, **bad) for _ in range(count)]
    return np.array([empty(), empty(), *mine[2:]]), theirs


def verdict(*args, **named) -> Verdict:
    return fold(*minutes(*args, **named), policy=POLICY).verdict()


def test_alike_ones_pass_and_it_is_said_what_nobody_saw():
    found = verdict(1)
    assert (found.decision, found.because) == (Decision.PASS, BY_INVOCATIONS)
    assert {reason.metric: reason.state for reason in found.reasons} == {
        "service": "within",
        "latency": "within",
    }


@pytest.mark.parametrize("median", [0.0001, 0.004, 0.07, 0.3])
@pytest.mark.parametrize("spread", [0.01, 0.4])
def test_alike_ones_pass_however_many_thresholds_their_latencies_lie_between(median, spread):
    assert verdict(2, median=median, spread=spread).decision is Decision.PASS


@pytest.mark.parametrize(
    ("bad", "metric"),
    [({"errors": 0.03}, "service"), ({"slower": 1.6}, "latency"), ({"slower": 9}, "latency")],
)
def test_a_worse_one_fails_and_says_why(bad, metric):
    found = verdict(3, **bad)
    assert found.decision is Decision.FAIL
    assert found.because.startswith(f"{metric}:")


@pytest.mark.parametrize(("bad", "decision"), [(2, Decision.HOLD), (4, Decision.FAIL)])
def test_two_bad_minutes_of_a_host_are_no_slow_down_and_more_are(bad, decision):
    """However many requests a minute has, its latencies are those of one host in one minute."""
    candidate, live = minutes(6, count=2 + bad, live=30_000, candidate=30_000, slower=5)
    assert fold(candidate, live, policy=POLICY).decision() is decision


def test_a_slow_down_of_a_quarter_is_within_the_margin_wherever_the_thresholds_lie():
    """No threshold is crossed by more than what live does one threshold lower: no false FAIL in any run."""
    for seed in range(repeats(20, 5)):
        median = 0.02 * 1.03**seed
        assert verdict(seed, slower=PACE_STEP, median=median, spread=0.05).decision is not Decision.FAIL


@pytest.mark.parametrize("held", [0.004, 0.02])
def test_a_few_requests_that_a_host_held_up_are_no_slow_down_and_many_are(held):
    """Live answers all within a threshold, so any slow request of the candidate is one more than live's."""
    candidate, live = minutes(7, live=30_000, candidate=30_000, median=0.004, spread=0.1)
    pace = slice(SPANS["pace"].start, SPANS["pace"].stop)
    for one in candidate[2:, pace]:
        one[0] -= 30_000 * held
        one[8] += 30_000 * held
    decision = fold(candidate, live, policy=POLICY).decision()
    assert decision is (Decision.PASS if held < 0.005 else Decision.FAIL)


def test_a_slow_down_of_a_few_milliseconds_never_fails_whatever_share_it_is():
    """Of answers within milliseconds the noise of a host is a multiple; nobody feels 2 % of the objective."""
    for seed in range(repeats(20, 5)):
        found = verdict(seed, slower=3, median=0.004, spread=0.1, live=30_000, candidate=30_000)
        assert found.decision is not Decision.FAIL


@given(st.integers(0, 2**31), st.floats(1e-3, 3), st.floats(0.05, 1.0))
def test_whoever_is_exactly_at_the_margin_is_within_its_null(seed, median, spread):
    """For any distribution: live's latencies, each slowed by the margin, give means that the null allows."""
    table = Table(tuple(q for q in questions(POLICY) if q.name.startswith("pace")))
    rng = np.random.default_rng(seed)
    past, live = (median * np.exp(spread * rng.normal(size=800)) for _ in range(2))
    for row, question in enumerate(table.questions):
        # Below the first threshold and beyond the last nothing is told apart.
        if question.side < 0:
            past, live = (np.clip(one, 1.01 * EDGES[1], EDGES[-3]) for one in (past, live))
        slowed = np.maximum(live * PACE_STEP**question.shift, live + question.amount * OBJECTIVE)
        slowed *= 1 - 1e-9 * question.side
        view = table.look(*(cells(one) for one in (past, live, slowed, live)))
        means = view.values[:, row] / view.totals[:, row]
        assert question.side * (means[CANDIDATE] - means[LIVE]) <= 1e-12, question.name


def cells(seconds):
    """Latencies as SageMaker tells them."""
    found = empty()
    bins = np.searchsorted(EDGES, seconds, side="left")
    found[SPANS["pace"].start : SPANS["pace"].stop] = np.bincount(bins, minlength=PACE_BINS)
    return found


def test_a_pass_proves_that_it_is_not_two_thresholds_slower_and_not_less():
    slower, not_yet = (
        fold(*minutes(5, slower=PACE_STEP**power, median=0.03, spread=0.05), policy=POLICY).unproven()
        for power in (2, 0.5)
    )
    assert "pace ok" in slower
    assert "pace ok" not in not_yet


def test_one_that_is_slower_by_more_than_two_thresholds_never_passes():
    for seed in range(repeats(20, 5)):
        median = 0.02 * 1.03**seed
        assert verdict(seed, slower=PACE_STEP**2, median=median, spread=0.05).decision is not Decision.PASS


def test_without_latencies_or_without_counts_nothing_passes():
    candidate, live = minutes(1)
    for group in ("pace", "service"):
        mine = candidate.copy()
        mine[:, SPANS[group].start : SPANS[group].stop] = 0
        assert fold(mine, live, policy=POLICY).decision() is Decision.HOLD


def test_what_stopped_to_come_holds():
    judge = fold(*minutes(1), policy=POLICY)
    for _ in range(4):
        assert judge.decision() is Decision.PASS
        judge.add(Block(empty(), minutes(1)[1][0]))
    assert judge.decision() is Decision.HOLD
    assert "none of both variants" in judge.verdict().because


def test_nothing_holds():
    assert Judge(POLICY).verdict().decision is Decision.HOLD


def test_windows_of_one_side_change_nothing():
    """What only one of them prints is not compared with anything."""
    candidate, live = minutes(1)
    candidate[:, SPANS["requests"].start] = 1000
    candidate[:, SPANS["requests"].start + 1] = 500
    assert fold(candidate, live, policy=POLICY).decision() is Decision.PASS


@pytest.mark.parametrize("require", [("errors",), ("service", "score")])
def test_what_nobody_sees_cannot_be_required(require):
    with pytest.raises(ValueError, match="by invocations nobody sees"):
        Policy(by="invocations", require=require)


def test_thresholds_rise_and_the_objective_is_one_of_them():
    assert len(EDGES) == PACE_BINS - 1
    assert EDGES[PACE_SLOW - 1] == pytest.approx(OBJECTIVE)
    assert EDGES[1:] / EDGES[:-1] == pytest.approx(PACE_STEP)


def test_how_long_it_takes_can_be_estimated():
    [passes, *fails] = estimate(POLICY, Assumptions(rate=50, weight=0.25))
    assert passes.verdict == "PASS"
    assert POLICY.min_seconds <= passes.seconds < 3600
    assert {line.verdict for line in fails} == {"FAIL"}


class TestAlone:
    LIMITS = Limits(errors=0.01, latency=OBJECTIVE)

    def judged(self, **named):
        found, rng = Alone(self.LIMITS, by_windows=False), np.random.default_rng(1)
        for line in lines(np.array([minute(rng, 3000, **named) for _ in range(5)])):
            found.add(line)
        return found.verdict()

    def test_limits_that_are_kept_pass_and_it_is_said_what_nobody_saw(self):
        found = self.judged()
        assert (found.decision, found.because) == (Decision.PASS, KEPT_BY_INVOCATIONS)
        assert found.requests == 15_000

    @pytest.mark.parametrize(("bad", "metric"), [({"errors": 0.05}, "service"), ({"slower": 8}, "latency")])
    def test_a_limit_that_is_broken_fails(self, bad, metric):
        found = self.judged(**bad)
        assert found.decision is Decision.FAIL
        assert found.because.startswith(f"{metric}:")

    def test_without_latencies_nothing_passes(self):
        found, table = Alone(self.LIMITS, by_windows=False), np.zeros((5, CELLS))
        table[:, SPANS["service"].start] = 3000
        for line in lines(table):
            found.add(line)
        assert found.verdict().because == "PASS waits for proof of latency"

    def test_one_that_prints_windows_does_not_pass_by_sagemaker_s_counts(self):
        found, rng = Alone(self.LIMITS), np.random.default_rng(1)
        for line in lines(np.array([minute(rng, 3000) for _ in range(5)])):
            found.add(line)
        assert found.verdict().decision is Decision.HOLD
