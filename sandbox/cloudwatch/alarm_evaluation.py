"""One evaluation of a metric alarm: its plan and the metrics at a moment, in; the state it calls for, out.

Pure: the source of metrics and the time are given. Raises nothing: an expression that cannot be worked out
leaves the alarm without data.
"""

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sandbox.cloudwatch.alarm_plan import AlarmPlan
from sandbox.cloudwatch.alarm_rules import decide, is_low_sample, reason
from sandbox.cloudwatch.distributions import Distribution
from sandbox.cloudwatch.math_values import Series
from sandbox.cloudwatch.queries import BadQuery, MetricQuery, Source, metric_windows, run


@dataclass(frozen=True)
class Verdict:
    """The state an evaluation calls for (None: the one that the alarm has), and why."""

    state: str | None
    reason: str = ""
    data: str = "{}"


def evaluate(plan: AlarmPlan, source: Source, end: int) -> Verdict:
    """Evaluate over the periods that end at `end` (seconds since the epoch)."""
    first = end - plan.rule.range * plan.period
    times = list(range(first, end, plan.period))
    series: Series = {}
    with suppress(BadQuery, NotImplementedError):
        value = run(plan.queries, source, first, end)[plan.returned]
        series = value if isinstance(value, dict) else {}
    points = [series.get(at) for at in times]
    single = plan.single
    windows = metric_windows(single, source, first, end) if single is not None else {}
    state = None if _too_few(plan, times, windows) else decide(plan.rule, points)
    if state is None:
        return Verdict(None)
    shown = [(_short(at), value) for at, value in zip(times, points, strict=True)]
    return Verdict(state, reason(plan.rule, state, shown), _data(plan, end, times, points, windows))


def evaluate_at_once(plan: AlarmPlan, source: Source, start: int, end: int) -> Verdict:
    """Evaluate over the one datapoint of [start, end), for an alarm that needs only one.

    Says nothing where there is no data, or where the alarm needs more datapoints.
    """
    if plan.rule.datapoints > 1 or end <= start:
        return Verdict(None)
    length = end - start
    queries = tuple(replace(q, period=length) if isinstance(q, MetricQuery) else q for q in plan.queries)
    shortened = replace(plan, queries=queries, period=length, rule=replace(plan.rule, periods=1))
    verdict = evaluate(shortened, lambda key, first, *rest: source(key, max(first, start), *rest), end)
    known = json.loads(verdict.data).get("recentDatapoints")
    return verdict if known else Verdict(None)


def _too_few(plan: AlarmPlan, times: list[int], windows: dict[int, Distribution]) -> bool:
    """Whether the newest datapoint is a percentile of too few values, and the alarm ignores such."""
    single = plan.single
    if not plan.ignore_low_samples or single is None or single.statistic.percentile is None:
        return False
    newest = windows.get(times[-1])
    return newest is not None and is_low_sample(single.statistic.percentile, newest.count)


def _data(
    plan: AlarmPlan,
    end: int,
    times: list[int],
    points: list[float | None],
    windows: dict[int, Distribution],
) -> str:
    """StateReasonData."""
    real = [(at, value) for at, value in zip(times, points, strict=True) if value is not None]
    real = real[-plan.rule.periods :]
    evaluated = []
    for at, value in reversed(real):
        entry: dict[str, Any] = {"timestamp": _long(at), "value": value}
        if at in windows:
            entry["sampleCount"] = windows[at].count
        evaluated.append(entry)
    data: dict[str, Any] = {"version": "1.0", "queryDate": _long(end)}
    if real:
        data["startDate"] = _long(real[0][0])
    single = plan.single
    if single is not None:
        data["statistic"] = single.statistic.name
    data |= {
        "period": plan.period,
        "recentDatapoints": [value for _, value in real],
        "threshold": plan.rule.threshold,
        "evaluatedDatapoints": evaluated,
    }
    return json.dumps(data)


def _short(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d/%m/%y %H:%M:%S")


def _long(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
