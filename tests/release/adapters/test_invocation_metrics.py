"""Minutes that SageMaker counts become windows: once each, when complete, both variants' together."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from release.adapters.evidence import MinuteFollower
from release.adapters.invocation_metrics import (
    EVERY_SECONDS,
    MOST_MINUTES,
    InvocationMetrics,
)
from release.domain.policy import SETTLED_SECONDS
from release.judge.cells import PACE_SLOW, SPANS
from release.judge.windows import parse_line
from tests.release.adapters.logs import FakeMetrics
from tests.release.adapters.s3 import refusal

SINCE = datetime(2026, 1, 1, 12, 0, 20, tzinfo=UTC)
MINUTE = datetime(2026, 1, 1, 12, 1, tzinfo=UTC)
COMPLETE = MINUTE + timedelta(seconds=SETTLED_SECONDS)


@pytest.fixture
def cloudwatch():
    found = FakeMetrics()
    for minute in range(-2, 6):
        at = MINUTE + timedelta(minutes=minute)
        found.sums["live_invocations", at] = 900
        found.sums["candidate_invocations", at] = 100
    return found


@pytest.fixture
def metrics(cloudwatch):
    return InvocationMetrics(cloudwatch, "delays-prod", SINCE)


def service(event):
    window = parse_line(json.dumps(event))
    start = SPANS["service"].start
    return window.variant, *window.dense()[start : start + 2]


def test_a_minute_is_told_once_it_is_complete_and_not_again(metrics):
    assert metrics.more(COMPLETE - timedelta(seconds=1)) == []
    candidate, live = metrics.more(COMPLETE)
    assert (service(candidate), service(live)) == (("candidate", 100, 0), ("live", 900, 0))
    assert candidate["timestamp"] == live["timestamp"] == 1000 * COMPLETE.timestamp()
    assert metrics.more(COMPLETE + timedelta(seconds=EVERY_SECONDS)) == []
    assert len(metrics.more(COMPLETE + timedelta(seconds=60))) == 2


def test_nothing_of_before_is_told(cloudwatch, metrics):
    metrics.more(COMPLETE)
    assert cloudwatch.asked[0]["StartTime"] == MINUTE
    assert cloudwatch.asked[0]["EndTime"] == MINUTE + timedelta(minutes=1)


def test_what_nobody_answered_is_an_error_and_counted_once(cloudwatch, metrics):
    cloudwatch.sums["candidate_invocation5xxerrors", MINUTE] = 30
    cloudwatch.sums["candidate_invocationmodelerrors", MINUTE] = 20
    assert service(metrics.more(COMPLETE)[0]) == ("candidate", 70, 30)


def test_more_errors_than_invocations_are_no_window_that_makes_no_sense(cloudwatch, metrics):
    cloudwatch.sums["candidate_invocationmodelerrors", MINUTE] = 120
    assert service(metrics.more(COMPLETE)[0]) == ("candidate", 0, 120)


def test_the_same_minute_has_the_same_name_in_another_process(cloudwatch, metrics):
    again = InvocationMetrics(cloudwatch, "delays-prod", SINCE)
    one, other = metrics.more(COMPLETE), again.more(COMPLETE + timedelta(seconds=7))
    assert [event["eventId"] for event in one] == [event["eventId"] for event in other]


def test_what_could_not_be_asked_is_asked_again_and_nothing_is_passed_over(cloudwatch, metrics):
    cloudwatch.faults = [refusal("Throttling", 400)]
    with pytest.raises(Exception, match="Throttling"):
        metrics.more(COMPLETE)
    assert metrics.more(COMPLETE + timedelta(seconds=1)) == []
    assert len(cloudwatch.asked) == 1, "it is throttled already"
    assert len(metrics.more(COMPLETE + timedelta(seconds=EVERY_SECONDS))) == 2


def test_cloudwatch_is_not_asked_every_second(cloudwatch, metrics):
    for second in range(60):
        metrics.more(COMPLETE + timedelta(seconds=second))
    assert len(cloudwatch.asked) <= 60 / EVERY_SECONDS


class TestWithoutWindows:
    """All that is known of containers that print none: minutes as they were, with latencies."""

    @pytest.fixture
    def metrics(self, cloudwatch):
        cloudwatch.sums["candidate_latencies", MINUTE] = 100
        for index in range(27):
            # A tenth takes longer than the objective, the 20th threshold, and none longer than the next.
            share = 0 if index < 18 else 90 if index < PACE_SLOW else 100
            cloudwatch.sums[f"candidate_pr{index}", MINUTE] = share
        return InvocationMetrics(cloudwatch, "delays-prod", SINCE, objective=0.5)

    def test_a_minute_is_dated_as_it_was(self, metrics):
        candidate, live = [parse_line(json.dumps(event)) for event in metrics.more(COMPLETE)]
        assert (candidate.variant, live.variant) == ("candidate", "live")
        for window in (candidate, live):
            assert (window.start, window.end) == (MINUTE.timestamp(), MINUTE.timestamp() + 60)

    def test_latencies_are_counted_between_the_thresholds(self, metrics):
        dense = parse_line(json.dumps(metrics.more(COMPLETE)[0])).dense()
        pace = dense[SPANS["pace"].start : SPANS["pace"].stop]
        assert pace.nonzero()[0].tolist() == [18, PACE_SLOW]
        assert pace[[18, PACE_SLOW]].tolist() == [90, 10]

    def test_cloudwatch_is_asked_for_the_share_below_each(self, cloudwatch, metrics):
        metrics.more(COMPLETE)
        stats = {
            query["Id"]: query["MetricStat"]["Stat"] for query in cloudwatch.asked[0]["MetricDataQueries"]
        }
        assert len(stats) == 2 * (3 + 1 + 27) <= 500
        assert (stats["live_latencies"], stats["live_pr19"]) == ("SampleCount", "PR(:500000)")

    def test_a_minute_without_invocations_is_told_too(self, cloudwatch, metrics):
        cloudwatch.sums.clear()
        assert [service(event) for event in metrics.more(COMPLETE)] == [("candidate", 0, 0), ("live", 0, 0)]

    def test_another_process_passes_over_the_minutes_that_were_kept(self, cloudwatch):
        since = datetime.now(UTC) - timedelta(minutes=10)
        first, again = (InvocationMetrics(cloudwatch, "delays-prod", since, 0.5) for _ in range(2))
        seen = {json.loads(line)["eventId"] for line in MinuteFollower(first, ()).more()}
        assert len(seen) >= 2 * 7
        assert seen.isdisjoint(json.loads(line)["eventId"] for line in MinuteFollower(again, seen).more())

    def test_after_a_long_time_it_is_asked_bit_by_bit(self, cloudwatch, metrics):
        late = COMPLETE + timedelta(days=1)
        told = [len(metrics.more(late + timedelta(seconds=number * EVERY_SECONDS))) for number in range(3)]
        assert told == [2 * MOST_MINUTES] * 3
        assert cloudwatch.asked[1]["StartTime"] == cloudwatch.asked[0]["EndTime"]
