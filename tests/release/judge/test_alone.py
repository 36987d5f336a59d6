"""A release that serves alone, against its limits: no false alarm, and what is wrong is found."""

import json
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release.judge import alone
from release.judge.alone import ALPHA, BETA, BETTER, QUESTIONS, SLOW_SHARE, WORSE, Alone, Limits
from release.judge.cells import SPANS, empty, latency_edge
from release.judge.verdict import Decision
from release.judge.windows import record
from tests.release.judge.traffic import counts

LIMITS = Limits(errors=0.01, latency=0.5)
BLOCK = 5.0
limits = st.floats(1e-4, 0.999)


def lines(table, name="w", stream="live/i-1"):
    """Windows of one worker, one a block, as events of CloudWatch Logs."""
    return [
        json.dumps(
            {
                "eventId": f"{name}-{block}",
                "logStreamName": stream,
                "timestamp": 0,
                "message": json.dumps(
                    record("live", block * BLOCK, (block + 1) * BLOCK, row, f"{name}-{block}")
                ),
            }
        )
        for block, row in enumerate(table)
    ]


def judged(table, of=LIMITS):
    """The verdicts after each window."""
    found = Alone(of)
    return [verdict for line in lines(table) for verdict in found.add(line)]


def traffic(seed, blocks=40, requests=200, **bad):
    return counts(np.random.default_rng(seed), blocks, requests, **bad)


class TestEvidence:
    """The promise under both verdicts: over its null, no request gives an e-value an expectation above 1."""

    @staticmethod
    def expectations(limit, share):
        """Exact, of one request that is bad with probability `share`: against the limit, and for it."""
        bad, good = (alone._Question("errors", "bad", limit) for _ in range(2))
        bad.add(1.0, 0.0, 1.0, 0.0)
        good.add(0.0, 1.0, 0.0, 1.0)
        return [
            share * np.exp(one) + (1 - share) * np.exp(other)
            for one, other in ((bad._against, good._against), (bad._for, good._for))
        ]

    @settings(max_examples=60)
    @given(limit=limits, share=st.floats(0, 1))
    def test_expectation_is_at_most_one_over_the_whole_null(self, limit, share):
        against, _ = self.expectations(limit, share * limit)
        _, kept = self.expectations(limit, limit + share * (1 - limit))
        assert (against <= 1 + 1e-9).all()
        assert (kept <= 1 + 1e-9).all()

    def test_before_any_evidence_all_of_it_is_lacking(self):
        asked = alone._Question("errors", "bad", 0.01)
        assert asked._fail_evidence == pytest.approx(-np.log(QUESTIONS / ALPHA))
        assert asked._pass_evidence == pytest.approx(-np.log(1 / BETA))

    @settings(max_examples=30)
    @given(limit=limits)
    def test_and_above_one_where_there_is_something_to_find(self, limit):
        against, _ = self.expectations(limit, (1 + limit) / 2)
        _, kept = self.expectations(limit, limit / 4)
        assert against.max() > 1
        assert kept.max() > 1

    def test_a_release_at_its_limits_hardly_ever_fails_nor_passes(self):
        """1000 lives of 150 windows; every rate is exactly at its limit, and looked at after every window."""
        runs, windows, requests, limit = 1000, 150, 100, 0.01
        rng = np.random.default_rng(1)
        bad = rng.binomial(requests, limit, (windows, runs))[..., None].astype(float)
        for alternatives, most in (
            ([t * limit for t in WORSE], ALPHA / QUESTIONS),
            ([p * limit for p in BETTER], BETA),
        ):
            good = cast(Any, requests - bad)
            logs = alone._log_ratio(np.array(alternatives), limit, cast(Any, bad), good).cumsum(axis=0)
            capital = np.exp(logs).mean(axis=2)
            crossed = (capital >= 1 / most).any(axis=0).mean()
            assert crossed <= most + 3 * np.sqrt(most / runs)

    def test_a_release_just_within_its_limits_never_fails_in_fifteen_bakes(self):
        for seed in range(15):
            rng = np.random.default_rng(seed)
            found = Alone(LIMITS)
            for bad in rng.binomial(300, 0.009, 60):
                found._count(window(300, errors=int(bad)))
            assert not any(question.failed for question in found._questions)


def window(requests, errors=0, invalid=0, slow=0, first=None):
    """Cells of a window: errors each a clump of its own unless `first` says how many clumps there are."""
    cells = empty()
    clumps = errors if first is None else first
    for group, pair in (
        ("requests", (requests - errors, errors)),
        ("clumps", (requests - errors, clumps)),
        ("invalid", (requests - errors - invalid, invalid)),
    ):
        start = SPANS[group].start
        cells[start : start + 2] = pair
    answered, start = requests - errors, SPANS["latency"].start
    cells[start + 350] = answered - slow
    cells[start + 500] = slow
    cells[SPANS["score"].start + 100] = answered - invalid
    return cells


def steady(blocks=60, **bad):
    return np.array([window(200, **bad)] * blocks)


class TestVerdicts:
    def test_a_healthy_release_passes_when_every_limit_is_proven_and_stays_passed(self):
        found = judged(traffic(1))
        decisions = [verdict.decision for verdict in found]
        first = decisions.index(Decision.PASS)
        assert set(decisions[:first]) == {Decision.HOLD}
        assert 2 <= first <= 15
        assert found[-1].decision is Decision.PASS
        assert found[-1].because == "every limit is proven to be kept"
        assert (found[-1].requests, found[-1].live_requests, found[-1].seconds) == (8000, 0, 200.0)

    @pytest.mark.parametrize(
        ("bad", "because"),
        [
            ({"errors": 0.05}, "errors: more than 1 % answered with a 5xx"),
            ({"invalid": 0.05}, "invalid: more than 1 % not a finite number"),
            ({"slower": 4.0}, "latency: more than 1 % slower than 500 ms"),
        ],
    )
    def test_what_is_wrong_is_found_within_a_minute(self, bad, because):
        found = judged(traffic(2, **bad))
        failed = [verdict for verdict in found if verdict.decision is Decision.FAIL]
        assert len(failed) > len(found) - 12
        assert failed[0].because == because
        assert [verdict.decision for verdict in found].count(Decision.PASS) == 0

    @pytest.mark.parametrize("bad", [{"errors": 10}, {"invalid": 10}, {"slow": 10}])
    def test_each_limit_alone_is_enough(self, bad):
        assert judged(steady(**bad))[-1].decision is Decision.FAIL

    @pytest.mark.parametrize("bad", [{"errors": 1}, {"invalid": 1}, {"slow": 1}])
    def test_within_the_limits_is_no_failure(self, bad):
        assert judged(steady(**bad))[-1].decision is Decision.PASS

    @pytest.mark.parametrize(
        ("bad", "lacking"), [({"errors": 2}, "errors"), ({"invalid": 2}, "invalid"), ({"slow": 2}, "latency")]
    )
    def test_at_a_limit_it_waits_and_says_for_what(self, bad, lacking):
        verdict = judged(steady(**bad))[-1]
        assert (verdict.decision, verdict.because) == (Decision.HOLD, f"PASS waits for proof of {lacking}")

    def test_what_the_service_counts_can_fail_it_and_is_not_needed_to_pass(self):
        """A container that crashes prints nothing about it; CloudWatch's window says nothing but that."""
        found = Alone(LIMITS)
        for line in lines(steady(30)):
            found.add(line)
        assert found.verdict().decision is Decision.PASS
        crashes = empty()
        crashes[SPANS["service"].start : SPANS["service"].stop] = 80, 20
        told = [v.decision for line in lines([crashes] * 5, "m") for v in found.add(line)]
        assert told[-1] is Decision.FAIL
        assert found.verdict().because == "service: more than 1 % not answered, as the service counts"
        assert found.verdict().requests == 6000

    def test_fail_is_final(self):
        found = judged(np.concatenate([steady(20, errors=10), steady(100)]))
        assert found[-1].decision is Decision.FAIL
        assert found[-1].because == "errors: more than 1 % answered with a 5xx"

    def test_pass_is_not(self):
        decisions = [v.decision for v in judged(np.concatenate([steady(30), steady(30, errors=20)]))]
        assert Decision.PASS in decisions
        assert decisions[-1] is Decision.FAIL

    def test_a_burst_is_one_error_for_fail_and_every_error_keeps_it_from_passing(self):
        """Fifty requests fail together once: that is no rate, and 1 % of the requests all the same."""
        table = steady(25)
        table[5] = window(200, errors=50, first=1)
        found = judged(table)
        assert Decision.FAIL not in {verdict.decision for verdict in found}
        assert found[-1].decision is Decision.HOLD
        table[5] = window(200, errors=50, first=50)
        assert judged(table)[-1].decision is Decision.FAIL

    def test_silence_is_no_verdict(self):
        found = Alone(LIMITS)
        assert found.add(lines([window(0)])[0]) == []
        verdict = found.verdict()
        assert (verdict.decision, verdict.because) == (Decision.HOLD, "PASS waits for any request")
        assert (verdict.seconds, verdict.requests) == (0.0, 0)
        assert {reason.state for reason in verdict.reasons} == {"no evidence"}

    def test_a_window_that_comes_twice_counts_once(self):
        once, twice = Alone(LIMITS), Alone(LIMITS)
        for line in lines(traffic(3)):
            once.add(line)
            twice.add(line)
            assert twice.add(line) == []
        assert twice.verdict() == once.verdict()

    def test_windows_in_any_order_come_to_the_same(self):
        forth, back = Alone(LIMITS), Alone(LIMITS)
        found = lines(traffic(4, errors=0.004))
        for one, other in zip(found, reversed(found), strict=True):
            forth.add(one)
            back.add(other)
        one, other = forth.verdict(), back.verdict()
        assert (one.decision, one.requests, one.seconds) == (other.decision, other.requests, other.seconds)
        for mine, theirs in zip(one.reasons, other.reasons, strict=True):
            assert mine.pass_evidence == pytest.approx(theirs.pass_evidence)

    def test_lines_that_are_no_windows_are_set_aside_and_named(self):
        found = Alone(LIMITS)
        assert [found.add(line) for line in ("nonsense", "{}")] == [[], []]
        assert found.verdict().set_aside == {"unreadable": 1, "another schema": 1}

    def test_its_reasons_are_for_people(self):
        told = judged(steady(errors=1))[-1].reasons
        assert [reason.metric for reason in told] == ["errors", "invalid", "service", "latency"]
        errors, _, service, latency = told
        assert service.state == "no evidence"
        assert (errors.candidate, errors.live, errors.state) == (0.005, 0.01, "within")
        assert latency.fails == "fails when more than 1 % slower than 500 ms"
        assert latency.passes == "passes when less than 1 % slower than 500 ms"
        assert (errors.requests, latency.requests) == (12_000, 11_940)


class TestLimits:
    def test_slow_is_what_is_surely_slower_than_the_limit(self):
        for latency in (0.01, 0.1, 0.5, 2.0, 59.0):
            start = Alone(Limits(0.01, latency))._slow_from
            assert latency_edge(start) >= latency * (1 - 1e-9)
            assert latency_edge(start - 1) < latency

    @pytest.mark.parametrize("latency", [1e-5, 1e-4, 1000.0])
    def test_a_limit_beyond_the_histogram_counts_nothing_else(self, latency):
        found = judged(steady(errors=1), Limits(0.01, latency))[-1].reasons[3]
        assert (found.requests, found.candidate) == (11_940, 1.0 if latency < 1 else 0.0)

    @pytest.mark.parametrize("limit", [0.5, 0.9, 0.99, 0.995, 1.0])
    def test_however_much_a_stage_tolerates_a_healthy_release_does_not_fail(self, limit):
        assert judged(steady(), Limits(limit, 0.5))[-1].decision is Decision.PASS

    def test_the_share_of_slow_requests_is_that_of_a_99th_percentile(self):
        assert SLOW_SHARE == 0.01
