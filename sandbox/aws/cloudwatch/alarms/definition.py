"""A metric alarm's definition: PutMetricAlarm's parameters, checked, as values that can be evaluated. Pure.

Covers alarms on a metric and on metric math with a static threshold. Anomaly detection and PromQL are not
covered and say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.aws.cloudwatch.alarms.rules import COMPARISONS, TREATMENTS, Rule
from sandbox.aws.cloudwatch.metrics.queries import BadQuery, MetricQuery, Query, parse_queries
from sandbox.aws.cloudwatch.metrics.statistics import SIMPLE

DAY = 86_400
WEEK = 7 * DAY
_ONE_METRIC = "m1"
_MOST_METRICS = 10


class BadAlarm(ValueError):
    """A definition that CloudWatch refuses; `code` is the error's."""

    def __init__(self, message: str, code: str = "ValidationError") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class AlarmDefinition:
    """Which metrics an alarm looks at, how often, and when it rings."""

    queries: tuple[Query, ...]
    returned: str
    """The id of the query whose value is compared."""
    period: int
    rule: Rule
    ignore_low_samples: bool
    every: int = 0
    """Seconds between two evaluations, where they are not CloudWatch's own."""

    @property
    def step(self) -> int:
        """Seconds between two evaluations: 10 for an alarm with periods under a minute, else 60."""
        return self.every or (10 if self.period < 60 else 60)

    @property
    def single(self) -> MetricQuery | None:
        """The one metric of an alarm without metric math."""
        query = self.queries[0]
        return query if len(self.queries) == 1 and isinstance(query, MetricQuery) else None


def define(params: Mapping[str, Any]) -> AlarmDefinition:
    """The definition that PutMetricAlarm's parameters make.

    Raises BadAlarm, and NotImplementedError for what is not covered.
    """
    comparison = params.get("ComparisonOperator") or ""
    if params.get("ThresholdMetricId") or comparison.startswith("LessThanLowerOr") or "Upper" in comparison:
        raise NotImplementedError("alarms on anomaly detection (ThresholdMetricId and its operators)")
    if comparison not in COMPARISONS:
        raise BadAlarm(f"The value {comparison} for parameter ComparisonOperator is not supported.")
    if params.get("Threshold") is None:
        raise BadAlarm("The parameter Threshold is required when ThresholdMetricId is not specified.")
    queries = _queries(params)
    period = _period(queries)
    rule = _rule(params, comparison)
    if period < 3600 and period * rule.periods > DAY:
        raise BadAlarm(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)."
        )
    if period * rule.periods > WEEK:
        raise BadAlarm(
            "Metrics cannot be checked across more than seven days "
            "(EvaluationPeriods * Period must be <= 604800)."
        )
    returned = [query.id for query in queries if query.returned]
    low = params.get("EvaluateLowSampleCountPercentile")
    if low not in (None, "", "evaluate", "ignore"):
        raise BadAlarm(
            f"Option {low} is not supported. Supported options for parameter "
            "EvaluateLowSampleCountPercentile are evaluate and ignore."
        )
    return AlarmDefinition(tuple(queries), returned[0], period, rule, low == "ignore")


def _rule(params: Mapping[str, Any], comparison: str) -> Rule:
    periods = int(params.get("EvaluationPeriods") or 0)
    if periods < 1:
        raise BadAlarm("The parameter EvaluationPeriods must be at least 1.")
    datapoints = int(params.get("DatapointsToAlarm") or periods)
    if not 1 <= datapoints <= periods:
        raise BadAlarm("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    missing = params.get("TreatMissingData") or "missing"
    if missing not in TREATMENTS:
        raise BadAlarm(
            f"Option {missing} is not supported. Supported options for parameter TreatMissingData are "
            f"{', '.join(TREATMENTS)}."
        )
    return Rule(comparison, float(params["Threshold"]), periods, datapoints, missing)


def _queries(params: Mapping[str, Any]) -> list[Query]:
    raw = params.get("Metrics")
    if not raw:
        return [_one_metric(params)]
    clashing = ["MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit"]
    named = [name for name in clashing if params.get(name)]
    if named or params.get("Dimensions"):
        raise BadAlarm(
            "The parameters Metrics and MetricName are mutually exclusive.", "InvalidParameterCombination"
        )
    try:
        queries = parse_queries(raw)
    except BadQuery as error:
        raise BadAlarm(f"Invalid metrics list: {error}") from error
    if sum(query.returned for query in queries) != 1:
        raise BadAlarm("Exactly one element of the metrics list should return data.")
    metrics = [query for query in queries if isinstance(query, MetricQuery)]
    if not metrics:
        raise BadAlarm("Invalid metrics list: it names no metric.")
    if len(metrics) > _MOST_METRICS:
        raise BadAlarm(f"A math expression of an alarm can use at most {_MOST_METRICS} metrics.")
    return queries


def _one_metric(params: Mapping[str, Any]) -> MetricQuery:
    for name in ("Namespace", "MetricName", "Period"):
        if not params.get(name):
            raise BadAlarm(f"The parameter {name} is required.", "MissingParameter")
    plain, extended = params.get("Statistic"), params.get("ExtendedStatistic")
    if bool(plain) == bool(extended):
        raise BadAlarm(
            "The parameters Statistic and ExtendedStatistic are mutually exclusive: exactly one is required.",
            "InvalidParameterCombination",
        )
    if plain and plain not in SIMPLE:
        raise BadAlarm(
            f"The value {plain} for parameter Statistic is not supported.", "InvalidParameterValue"
        )
    names = ("Namespace", "MetricName", "Dimensions")
    stat = {
        "Metric": {name: params[name] for name in names if params.get(name)},
        "Stat": plain or extended,
        "Period": params["Period"],
        "Unit": params.get("Unit"),
    }
    try:
        query = parse_queries([{"Id": _ONE_METRIC, "MetricStat": stat}])[0]
    except BadQuery as error:
        if "Period" in str(error):
            raise BadAlarm("Period must be 10, 20, 30 or a multiple of 60") from error
        name = f"The value {extended} for parameter ExtendedStatistic is not supported."
        raise BadAlarm(name, "InvalidParameterValue") from error
    assert isinstance(query, MetricQuery)
    return query


def _period(queries: list[Query]) -> int:
    periods = {query.period for query in queries if isinstance(query, MetricQuery)}
    if len(periods) != 1:
        raise BadAlarm("Invalid metrics list: all metrics must have the same period.")
    period = periods.pop()
    if period < 10:
        raise BadAlarm("Period must be 10, 20, 30 or a multiple of 60")
    return period
