"""The queries of GetMetricData and of alarms: parsed from dictionaries, run on a source of metrics. Pure.

The source is any function with the signature of `MetricStore.windows`. The first period begins at the start
that is given; `rounded_start` rounds the start of a request down first, as AWS documents it: to the minute,
or to the period when that is shorter.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sandbox.aws.cloudwatch.metrics.distributions import Distribution, merged
from sandbox.aws.cloudwatch.metrics.math_syntax import BadExpression, Node, functions, names, parse
from sandbox.aws.cloudwatch.metrics.math_values import NOT_COVERED, Context, Series, Value, evaluate
from sandbox.aws.cloudwatch.metrics.statistics import BadStatistic, Statistic
from sandbox.aws.cloudwatch.metrics.statistics import parse as parse_statistic
from sandbox.aws.cloudwatch.metrics.store import MetricKey, metric_key

Source: TypeAlias = Callable[[MetricKey, int, int, int, str | None], dict[str, dict[int, Distribution]]]

SHORT_PERIODS = (1, 5, 10, 20, 30)
MOST_QUERIES = 500
MOST_PERIODS = 500_000
"""Periods of one request: an expression that fills gaps goes through all of them."""
_WORDS = {"REPEAT", "LINEAR"}


class BadQuery(ValueError):
    """A query that CloudWatch would refuse; the message is for the caller."""


@dataclass(frozen=True)
class MetricQuery:
    """One statistic of one metric."""

    id: str
    label: str
    returned: bool
    key: MetricKey
    statistic: Statistic
    period: int
    unit: str | None = None


@dataclass(frozen=True)
class ExpressionQuery:
    """A metric math expression over other queries."""

    id: str
    label: str
    returned: bool
    text: str
    tree: Node


Query: TypeAlias = MetricQuery | ExpressionQuery


def parse_queries(raw: Sequence[Mapping[str, Any]]) -> list[Query]:
    """The queries of a request. Raises BadQuery, and NotImplementedError for what is not covered."""
    if len(raw) > MOST_QUERIES:
        raise BadQuery(f"The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}.")
    queries = [_query(number, query) for number, query in enumerate(raw, 1)]
    seen: set[str] = set()
    for query in queries:
        if query.id in seen:
            raise BadQuery(f"The values for parameter Id in MetricDataQueries are not unique: {query.id}.")
        seen.add(query.id)
    for query in queries:
        if isinstance(query, ExpressionQuery):
            unknown = names(query.tree) - seen - _WORDS
            if unknown:
                ids = ", ".join(sorted(unknown))
                raise BadQuery(f"Error in expression '{query.id}': Unrecognized metric name or id '{ids}'.")
    return queries


def _query(number: int, raw: Mapping[str, Any]) -> Query:
    member = f"MetricDataQueries.member.{number}"
    identity = raw.get("Id") or ""
    if not identity[:1].islower() or not identity.replace("_", "a").isalnum():
        raise BadQuery(
            f"The value {identity} for parameter {member}.Id is not matching the expected pattern."
        )
    returned = raw.get("ReturnData") is not False
    stat, text = raw.get("MetricStat"), raw.get("Expression")
    if (stat is None) == (text is None):
        if stat is None:
            raise BadQuery(f"The parameter {member}.MetricStat is required.\n")
        raise BadQuery(f"{member}: MetricStat and Expression are mutually exclusive.")
    if text is not None:
        if text.lstrip().upper().startswith("SELECT"):
            raise NotImplementedError("Metrics Insights queries (SELECT)")
        try:
            tree = parse(text)
        except BadExpression as error:
            raise BadQuery(f"Error in expression '{identity}': {error}") from error
        missing = functions(tree) & NOT_COVERED
        if missing:
            raise NotImplementedError(f"the metric math function {', '.join(sorted(missing))}")
        return ExpressionQuery(identity, raw.get("Label") or identity, returned, text, tree)
    return _metric_query(identity, raw.get("Label"), returned, stat or {}, member)


def _metric_query(
    identity: str, label: str | None, returned: bool, stat: Mapping[str, Any], member: str
) -> MetricQuery:
    metric = stat["Metric"]
    try:
        statistic = parse_statistic(stat["Stat"])
    except BadStatistic as error:
        raise BadQuery(str(error)) from error
    period = int(stat["Period"])
    if not is_period(period):
        raise BadQuery(
            f"The parameter {member}.MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60."
        )
    key = metric_key(metric.get("Namespace") or "", metric["MetricName"], metric.get("Dimensions") or ())
    return MetricQuery(identity, label or key.name, returned, key, statistic, period, stat.get("Unit"))


def is_period(period: int) -> bool:
    """Whether a metric can be asked for in such periods (seconds)."""
    return period in SHORT_PERIODS or (period > 0 and period % 60 == 0)


def rounded_start(start: float, queries: Sequence[Query]) -> int:
    """Where the first period of a request begins (seconds since the epoch)."""
    step = min(longest_period(queries), 60)
    return int(start) - int(start) % step


def longest_period(queries: Sequence[Query]) -> int:
    """The longest period of the metrics among queries, in seconds; 60 when there is none."""
    return max((query.period for query in queries if isinstance(query, MetricQuery)), default=60)


def run(queries: Sequence[Query], source: Source, start: int, end: int) -> dict[str, Value]:
    """Every query's value by id over the periods from `start` up to `end`. Raises BadQuery."""
    metrics = [query for query in queries if isinstance(query, MetricQuery)]
    found: dict[str, Value] = {query.id: metric_series(query, source, start, end) for query in metrics}
    period = longest_period(queries)
    times = range(start, end, period)
    if len(times) > MOST_PERIODS:
        raise BadQuery(
            f"The request has {len(times):,} periods, more than {MOST_PERIODS:,}: shorten its time."
        )
    waiting = {query.id: query for query in queries if isinstance(query, ExpressionQuery)}
    while waiting:
        ready = [q for q in waiting.values() if not (names(q.tree) & waiting.keys())]
        if not ready:
            raise BadQuery(f"Error in expression '{next(iter(waiting))}': it refers to itself.")
        for query in ready:
            context = Context(found, [metric.id for metric in metrics], times, period)
            try:
                found[query.id] = evaluate(query.tree, context)
            except BadExpression as error:
                raise BadQuery(f"Error in expression '{query.id}': {error}") from error
            del waiting[query.id]
    return found


def metric_series(query: MetricQuery, source: Source, start: int, end: int) -> Series:
    """One metric's statistic by period."""
    windows = metric_windows(query, source, start, end)
    found = {at: query.statistic.of(values) for at, values in windows.items()}
    return {at: value for at, value in found.items() if value is not None}


def metric_windows(query: MetricQuery, source: Source, start: int, end: int) -> dict[int, Distribution]:
    """One metric's values by period, over all its units unless the query names one."""
    by_unit = source(query.key, start, end, query.period, query.unit)
    if len(by_unit) == 1:
        return next(iter(by_unit.values()))
    times = sorted(set().union(*by_unit.values())) if by_unit else []
    return {at: merged(unit[at] for unit in by_unit.values() if at in unit) for at in times}
