"""An alarm's definition against metrics at a moment, and when the evaluator looks. Time is a value here."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends

from sandbox.aws.cloudwatch.alarms.definition import AlarmDefinition, BadAlarm, define
from sandbox.aws.cloudwatch.alarms.evaluation import evaluate, evaluate_at_once
from sandbox.aws.cloudwatch.alarms.evaluator import Evaluator
from sandbox.aws.cloudwatch.alarms.state import history
from sandbox.aws.cloudwatch.clock import Clock
from sandbox.aws.cloudwatch.metrics.api import store
from sandbox.aws.cloudwatch.metrics.distributions import of_values
from sandbox.aws.cloudwatch.metrics.store import MetricKey, MetricStore, Point

MINUTE = 1_700_000_040
KEY = MetricKey("N", "m")
PARAMS: dict[str, Any] = {
    "Namespace": "N",
    "MetricName": "m",
    "Statistic": "Maximum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}


def made(**members: Any) -> AlarmDefinition:
    return define({**PARAMS, **members})


def filled(*values: tuple[int, float]) -> MetricStore:
    kept = MetricStore()
    kept.put(Point(KEY, MINUTE + at, of_values([value]), "None", 1) for at, value in values)
    return kept


def test_the_period_that_has_just_ended_counts_and_the_one_under_way_does_not() -> None:
    metrics = filled((59, 5), (61, 0))
    assert evaluate(made(), metrics.windows, MINUTE + 60).state == "ALARM"
    assert evaluate(made(), metrics.windows, MINUTE).state == "INSUFFICIENT_DATA"
    assert evaluate(made(), metrics.windows, MINUTE + 120).state == "OK"


def test_the_reasons_data() -> None:
    data = json.loads(evaluate(made(), filled((1, 5)).windows, MINUTE + 60).data)
    assert (data["period"], data["statistic"], data["recentDatapoints"]) == (60, "Maximum", [5.0])
    assert data["evaluatedDatapoints"][0] == {
        "timestamp": "2023-11-14T22:14:00.000+0000",
        "value": 5.0,
        "sampleCount": 1.0,
    }


def test_an_alarm_without_statistic_is_none() -> None:
    with pytest.raises(BadAlarm):
        made(Statistic=None)


def test_at_once_looks_at_what_came_since_the_start_alone() -> None:
    metrics = filled((1, 5), (30, 0))
    assert evaluate_at_once(made(), metrics.windows, MINUTE, MINUTE + 40).state == "ALARM"
    assert evaluate_at_once(made(), metrics.windows, MINUTE + 10, MINUTE + 40).state == "OK"
    assert evaluate_at_once(made(), metrics.windows, MINUTE + 35, MINUTE + 40).state is None, "no data"
    several = made(EvaluationPeriods=2)
    assert evaluate_at_once(several, metrics.windows, MINUTE, MINUTE + 40).state is None, "it needs two"


class Time:
    def __init__(self) -> None:
        self.now = float(MINUTE)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def backend() -> Iterator[CloudWatchBackend]:
    account = cloudwatch_backends["210987654321"]
    yield account["us-east-1"]
    account["us-east-1"].reset()


def alarm(backend: CloudWatchBackend, evaluator: Evaluator, **members: Any) -> Alarm:
    params = {**PARAMS, **members}
    put = backend.put_metric_alarm(
        name="a",
        namespace="N",
        metric_name="m",
        comparison_operator=params["ComparisonOperator"],
        evaluation_periods=1,
        period=params["Period"],
        threshold=1,
        statistic="Maximum",
        description="",
        dimensions=[],
        alarm_actions=[],
    )
    put.state_value = "INSUFFICIENT_DATA"
    evaluator.add(put, define(params))
    return put


def test_every_boundary_that_the_clock_passed_is_evaluated_in_order(backend: CloudWatchBackend) -> None:
    now = Time()
    evaluator = Evaluator(Clock(now), lambda: None)
    rings = alarm(backend, evaluator)
    for minute, value in enumerate((0, 5, 0, 5)):
        store(backend).put([Point(KEY, MINUTE + 60 * minute, of_values([float(value)]))])
    now.now += 245
    evaluator.evaluate_due()
    assert [item.summary for item in history(backend)] == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to ALARM",
    ]
    assert rings.state_value == "ALARM"


def test_nothing_is_due_between_boundaries(backend: CloudWatchBackend) -> None:
    now = Time()
    evaluator = Evaluator(Clock(now), lambda: None)
    assert evaluator._wait() is None, "without alarms it sleeps for ever"
    now.now += 1
    rings = alarm(backend, evaluator)
    evaluator.evaluate_due()
    store(backend).put([Point(KEY, MINUTE + 2, of_values([5.0]), "None", 1)])
    now.now += 50
    wait = evaluator._wait()
    assert wait is not None
    assert 9 < wait < 9.2, "until the next full minute"
    evaluator.evaluate_due()
    assert rings.state_value == "INSUFFICIENT_DATA"


def test_a_watched_alarm_rings_between_boundaries_and_is_over_with_the_watch(
    backend: CloudWatchBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = Time()
    monkeypatch.setattr("sandbox.aws.cloudwatch.alarms.evaluator.time.time", now)
    for scale, expected in ((1.0, "INSUFFICIENT_DATA"), (60.0, "ALARM")):
        evaluator = Evaluator(Clock(now), lambda: None, scale)
        rings = alarm(backend, evaluator, TreatMissingData="missing")
        now.now = MINUTE + 1
        evaluator.evaluate_due()
        evaluator.watch(backend, "a")
        store(backend).put([Point(KEY, MINUTE + 2, of_values([5.0]), "None", 1)])
        now.now = MINUTE + 2
        evaluator.watch(backend, "a")
        now.now = MINUTE + 2.5
        evaluator.evaluate_due()
        assert rings.state_value == expected, f"time scale {scale}"
    for later in (4, 6):
        now.now = MINUTE + later
        evaluator.evaluate_due()
    assert rings.state_value == "INSUFFICIENT_DATA", "the deployment's data counts no more"
    now.now = MINUTE + 61
    evaluator.evaluate_due()
    assert rings.state_value == "INSUFFICIENT_DATA"
