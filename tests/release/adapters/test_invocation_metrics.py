"""Minutes that SageMaker counts become windows: once each, when complete, both variants' together."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from release.adapters.invocation_metrics import EVERY_SECONDS, SETTLED_SECONDS, InvocationMetrics
from release.judge.cells import SPANS
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
