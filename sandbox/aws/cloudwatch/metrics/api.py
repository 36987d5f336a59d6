"""CloudWatch's actions on metrics, in the place of moto's: put, get data, get statistics, list.

moto keeps each value for ever and cannot make percentiles. Here each backend of moto gets a `MetricStore` as
an attribute instead. The metrics that moto makes by itself (S3's storage) are still found.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError
from moto.cloudwatch.models import CloudWatchBackend, MetricDatumBase
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.cloudwatch.clock import Clock
from sandbox.aws.cloudwatch.metrics.distributions import Distribution
from sandbox.aws.cloudwatch.metrics.queries import (
    BadQuery,
    MetricQuery,
    Query,
    Source,
    is_period,
    parse_queries,
    rounded_start,
    run,
)
from sandbox.aws.cloudwatch.metrics.rules import entities, point, seconds_of
from sandbox.aws.cloudwatch.metrics.statistics import BadStatistic
from sandbox.aws.cloudwatch.metrics.statistics import parse as parse_statistic
from sandbox.aws.cloudwatch.metrics.store import MetricKey, MetricStore, metric_key
from sandbox.aws.shared.moto_actions import replace

MOST_DATA = 1_000
MOST_STATISTICS = 1_440
MOST_DATAPOINTS = 100_800
_PAGE = 500
_LISTED = 14 * 86_400
_RECENT = 3 * 3600


def store(backend: CloudWatchBackend) -> MetricStore:
    """The metrics of moto's backend; they go when moto resets it."""
    kept: MetricStore | None = getattr(backend, "sandbox_metrics", None)
    if kept is None:
        kept = backend.__dict__.setdefault("sandbox_metrics", MetricStore())
    return kept


def source(backend: CloudWatchBackend) -> Source:
    """Where an account's and region's metrics are read."""

    def windows(
        key: MetricKey, start: int, end: int, period: int, unit: str | None
    ) -> dict[str, dict[int, Distribution]]:
        found = store(backend).windows(key, start, end, period, unit)
        if found or not key.namespace.startswith("AWS/S3"):
            return found
        return _windows_of(backend.aws_metric_data, key, start, end, period)

    return windows


class MetricsApi:
    """The actions on metrics. `install` puts them into moto."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def install(self) -> None:
        """Replace moto's actions."""
        for action in (
            self.put_metric_data,
            self.get_metric_data,
            self.get_metric_statistics,
            self.list_metrics,
        ):
            replace(CloudWatchResponse, action.__name__, action)

    def put_metric_data(self, request: CloudWatchResponse) -> ActionResult:
        """PutMetricData."""
        params = request._get_params()
        data = [*(params.get("MetricData") or []), *entities(params)]
        if not data:
            raise InvalidParameterValue("The parameter MetricData is required.")
        if len(data) > MOST_DATA:
            text = f"The collection MetricData must not have a size greater than {MOST_DATA}."
            raise InvalidParameterValue(text)
        now = self._clock.now()
        points = [point(params["Namespace"], datum, number, now) for number, datum in enumerate(data, 1)]
        store(request.cloudwatch_backend).put(points)
        return EmptyResult()

    def get_metric_data(self, request: CloudWatchResponse) -> ActionResult:
        """GetMetricData."""
        params = request._get_params()
        start, end = seconds_of(params["StartTime"]), seconds_of(params["EndTime"])
        if start > end:
            raise ValidationError("The parameter EndTime must be greater than StartTime.")
        if start == end:
            raise ValidationError("The parameter StartTime must not equal parameter EndTime.")
        try:
            queries = parse_queries(params.get("MetricDataQueries") or [])
            first = rounded_start(start, queries)
            values = run(queries, source(request.cloudwatch_backend), first, math.ceil(end))
        except BadQuery as error:
            raise ValidationError(str(error)) from error
        results = [
            result for query in queries if query.returned for result in _results(query, values[query.id])
        ]
        if params.get("ScanBy") != "TimestampAscending":
            for result in results:
                result["Timestamps"].reverse()
                result["Values"].reverse()
        most = min(int(params.get("MaxDatapoints") or MOST_DATAPOINTS), MOST_DATAPOINTS)
        return ActionResult(_page(results, most, params.get("NextToken")))

    def get_metric_statistics(self, request: CloudWatchResponse) -> ActionResult:
        """GetMetricStatistics."""
        params = request._get_params()
        query_names = [*(params.get("Statistics") or []), *(params.get("ExtendedStatistics") or [])]
        if not query_names:
            raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
        start, end, period = (
            seconds_of(params["StartTime"]),
            seconds_of(params["EndTime"]),
            int(params["Period"]),
        )
        _check_statistics(start, end, period)
        try:
            statistics = [parse_statistic(name) for name in query_names]
        except BadStatistic as error:
            raise InvalidParameterValue(str(error)) from error
        key = metric_key(params["Namespace"], params["MetricName"], params.get("Dimensions") or ())
        query = MetricQuery("m", key.name, True, key, statistics[0], period)
        first = rounded_start(start, [query])
        read = source(request.cloudwatch_backend)
        datapoints = []
        for unit, windows in read(key, first, math.ceil(end), period, params.get("Unit")).items():
            for at, values in windows.items():
                datapoint: dict[str, Any] = {"Timestamp": _time(at), "Unit": unit}
                extended = {}
                for statistic in statistics:
                    value = statistic.of(values)
                    if value is None:
                        continue
                    if statistic.name in (params.get("Statistics") or []):
                        datapoint[statistic.name] = value
                    else:
                        extended[statistic.name] = value
                if extended:
                    datapoint["ExtendedStatistics"] = extended
                if len(datapoint) > 2:
                    datapoints.append(datapoint)
        return ActionResult({"Label": key.name, "Datapoints": datapoints})

    def list_metrics(self, request: CloudWatchResponse) -> ActionResult:
        """ListMetrics: what had data in the last two weeks, or in three hours with RecentlyActive."""
        params = request._get_params()
        backend = request.cloudwatch_backend
        seconds = _RECENT if params.get("RecentlyActive") == "PT3H" else _LISTED
        keys = store(backend).keys(self._clock.now() - seconds)
        keys = list(dict.fromkeys([*keys, *(_key_of(datum) for datum in backend.aws_metric_data)]))
        wanted = params.get("Dimensions") or []
        found = [
            key
            for key in keys
            if params.get("Namespace") in (None, key.namespace)
            and params.get("MetricName") in (None, key.name)
            and all(_has(key, dimension) for dimension in wanted)
        ]
        token = params.get("NextToken") or "0"
        if not token.isdigit() or int(token) > len(found):
            raise InvalidParameterValue("Request parameter NextToken is invalid")
        first = int(token)
        result: dict[str, Any] = {"Metrics": [_described(key) for key in found[first : first + _PAGE]]}
        if first + _PAGE < len(found):
            result["NextToken"] = str(first + _PAGE)
        return ActionResult(result)


def _check_statistics(start: float, end: float, period: int) -> None:
    if start >= end:
        text = "The parameter StartTime must be less than the parameter EndTime."
        raise InvalidParameterValue(text)
    if not is_period(period):
        raise InvalidParameterValue("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
    count = math.ceil((end - start) / period)
    if count > MOST_STATISTICS:
        raise InvalidParameterCombination(
            f"You have requested up to {count:,} datapoints, which exceeds the limit of {MOST_STATISTICS:,}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )


def _results(query: Query, value: Any) -> list[dict[str, Any]]:
    if isinstance(value, float):
        raise ValidationError(f"Error in expression '{query.id}': it gives a number, not a time series.")
    many = value if isinstance(value, list) else [value]
    return [
        {
            "Id": query.id,
            "Label": query.label,
            "Timestamps": [_time(at) for at in sorted(series)],
            "Values": [series[at] for at in sorted(series)],
            "StatusCode": "Complete",
        }
        for series in many
    ]


def _page(results: list[dict[str, Any]], most: int, token: str | None) -> dict[str, Any]:
    """At most `most` datapoints of the results; the token counts those of the pages before."""
    if token is not None and not token.isdigit():
        raise InvalidParameterValue("Request parameter NextToken is invalid")
    skip, room = int(token or 0), most
    page = []
    total = sum(len(result["Values"]) for result in results)
    for result in results:
        count = len(result["Values"])
        first, skip = min(skip, count), max(skip - count, 0)
        part = {**result, **{name: result[name][first : first + room] for name in ("Timestamps", "Values")}}
        room -= len(part["Values"])
        if first + len(part["Values"]) < count:
            part["StatusCode"] = "PartialData"
        page.append(part)
    answer: dict[str, Any] = {"MetricDataResults": page, "Messages": []}
    end = int(token or 0) + most
    if end < total:
        answer["NextToken"] = str(end)
    return answer


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _has(key: MetricKey, dimension: Mapping[str, str]) -> bool:
    value = dimension.get("Value")
    return any(n == dimension["Name"] and value in (None, v) for n, v in key.dimensions)


def _described(key: MetricKey) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in key.dimensions]
    return {"Namespace": key.namespace, "MetricName": key.name, "Dimensions": dimensions}


def _key_of(datum: MetricDatumBase) -> MetricKey:
    dimensions = [{"Name": str(d.name), "Value": str(d.value)} for d in datum.dimensions]
    return metric_key(datum.namespace, datum.name, dimensions)


def _windows_of(
    data: Iterable[MetricDatumBase], key: MetricKey, start: int, end: int, period: int
) -> dict[str, dict[int, Distribution]]:
    found: dict[str, dict[int, Distribution]] = {}
    for datum in data:
        at = int(seconds_of(datum.timestamp))
        value = getattr(datum, "value", None)
        if value is not None and _key_of(datum) == key and start <= at < end:
            windows = found.setdefault(datum.unit or "None", {})
            windows.setdefault(at - (at - start) % period, Distribution()).add(float(value))
    return found
