"""One evaluation of a metric alarm: which state its definition and the metrics of a moment call for.

Pure: the source of metrics and the time are given. Raises nothing: an expression that cannot be worked out
leaves the alarm without data.
"""

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sandbox.aws.cloudwatch.alarms.definition import AlarmDefinition
from sandbox.aws.cloudwatch.alarms.rules import decide, is_low_sample, reason
from sandbox.aws.cloudwatch.metrics.distributions import Distribution
from sandbox.aws.cloudwatch.metrics.math_values import Series
from sandbox.aws.cloudwatch.metrics.queries import BadQuery, MetricQuery, Source, metric_windows, run


@dataclass(frozen=True)
class Outcome:
    """What an evaluation found: the state that the alarm should have (None: the one it has), and why."""

    state: str | None
    reason: str = ""
    data: str = "{}"


def evaluate(alarm: AlarmDefinition, source: Source, end: int) -> Outcome:
    """Evaluate over the periods that end at `end` (seconds since the epoch)."""
    first = end - alarm.rule.range * alarm.period
    times = list(range(first, end, alarm.period))
    series: Series = {}
    with suppress(BadQuery, NotImplementedError):
        value = run(alarm.queries, source, first, end)[alarm.returned]
        series = value if isinstance(value, dict) else {}
    points = [series.get(at) for at in times]
    single = alarm.single
    windows = metric_windows(single, source, first, end) if single is not None else {}
    state = None if _too_few(alarm, times, windows) else decide(alarm.rule, points)
    if state is None:
        return Outcome(None)
    shown = [(_short(at), value) for at, value in zip(times, points, strict=True)]
    return Outcome(state, reason(alarm.rule, state, shown), _data(alarm, end, times, points, windows))


def evaluate_at_once(alarm: AlarmDefinition, source: Source, start: int, end: int) -> Outcome:
    """Evaluate over the one datapoint of [start, end), for an alarm that needs only one.

    Says nothing where there is no data, or where the alarm needs more datapoints.
    """
    if alarm.rule.datapoints > 1 or end <= start:
        return Outcome(None)
    length = end - start
    queries = tuple(replace(q, period=length) if isinstance(q, MetricQuery) else q for q in alarm.queries)
    shortened = replace(alarm, queries=queries, period=length, rule=replace(alarm.rule, periods=1))
    outcome = evaluate(shortened, lambda key, first, *rest: source(key, max(first, start), *rest), end)
    known = json.loads(outcome.data).get("recentDatapoints")
    return outcome if known else Outcome(None)


def _too_few(alarm: AlarmDefinition, times: list[int], windows: dict[int, Distribution]) -> bool:
    """Whether the newest datapoint is a percentile of too few values, and the alarm ignores such."""
    single = alarm.single
    if not alarm.ignore_low_samples or single is None or single.statistic.percentile is None:
        return False
    newest = windows.get(times[-1])
    return newest is not None and is_low_sample(single.statistic.percentile, newest.count)


def _data(
    alarm: AlarmDefinition,
    end: int,
    times: list[int],
    points: list[float | None],
    windows: dict[int, Distribution],
) -> str:
    """StateReasonData."""
    real = [(at, value) for at, value in zip(times, points, strict=True) if value is not None]
    real = real[-alarm.rule.periods :]
    evaluated = []
    for at, value in reversed(real):
        entry: dict[str, Any] = {"timestamp": _long(at), "value": value}
        if at in windows:
            entry["sampleCount"] = windows[at].count
        evaluated.append(entry)
    data: dict[str, Any] = {"version": "1.0", "queryDate": _long(end)}
    if real:
        data["startDate"] = _long(real[0][0])
    single = alarm.single
    if single is not None:
        data["statistic"] = single.statistic.name
    data |= {
        "period": alarm.period,
        "recentDatapoints": [value for _, value in real],
        "threshold": alarm.rule.threshold,
        "evaluatedDatapoints": evaluated,
    }
    return json.dumps(data)


def _short(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d/%m/%y %H:%M:%S")


def _long(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
