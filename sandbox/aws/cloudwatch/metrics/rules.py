"""Checks the data of PutMetricData and turns it into points. Pure; refusals are moto's exceptions."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue

from sandbox.aws.cloudwatch.metrics.distributions import Distribution, of_statistics, of_values
from sandbox.aws.cloudwatch.metrics.store import Point, metric_key

MOST_VALUES = 150
MOST_DIMENSIONS = 30
_OLDEST = 14 * 86_400
_NEWEST = 2 * 3600
_LARGEST = 2.0**360


def point(namespace: str, datum: Mapping[str, Any], number: int, now: float) -> Point:
    """A MetricDatum as a point; `number` is its place in the request. Raises moto's errors."""
    member = f"MetricData.member.{number}"
    dimensions = datum.get("Dimensions") or []
    if len(dimensions) > MOST_DIMENSIONS:
        text = f"The collection {member}.Dimensions must not have a size greater than {MOST_DIMENSIONS}."
        raise InvalidParameterValue(text)
    at = seconds_of(datum["Timestamp"]) if datum.get("Timestamp") is not None else now
    if not now - _OLDEST <= at <= now + _NEWEST:
        raise InvalidParameterValue(
            f"The parameter {member}.Timestamp must be a timestamp within the past two weeks and at most two "
            "hours in the future."
        )
    resolution = int(datum.get("StorageResolution") or 60)
    if resolution not in (1, 60):
        text = f"The parameter {member}.StorageResolution must be a value in the set [ 1, 60 ]."
        raise InvalidParameterValue(text)
    key = metric_key(namespace, datum["MetricName"], dimensions)
    return Point(key, at, _values(datum, member), datum.get("Unit") or "None", resolution)


def _values(datum: Mapping[str, Any], member: str) -> Distribution:
    values, statistics = datum.get("Values"), datum.get("StatisticValues")
    given = [datum.get("Value") is not None, bool(values), bool(statistics)]
    if sum(given) > 1:
        kinds = [
            k for k, is_given in zip(("Value", "Values", "StatisticValues"), given, strict=True) if is_given
        ]
        names = " and ".join(f"{member}.{kind}" for kind in kinds)
        text = f"The parameters {names} are mutually exclusive and you have specified both."
        raise (InvalidParameterCombination if statistics else InvalidParameterValue)(text)
    if statistics:
        return _statistics(statistics, member)
    if values:
        counts = datum.get("Counts")
        if len(values) > MOST_VALUES:
            text = f"The collection {member}.Values must not have a size greater than {MOST_VALUES}."
            raise InvalidParameterValue(text)
        if counts and len(counts) != len(values):
            text = f"The parameters {member}.Values and {member}.Counts must be of the same size."
            raise InvalidParameterValue(text)
        numbers = [_number(value, f"{member}.Values") for value in values]
        return of_values(numbers, [float(count) for count in counts] if counts else None)
    if not given[0]:
        raise InvalidParameterCombination(
            f"At least one of the parameters {member}.Value, {member}.Values and {member}.StatisticValues "
            "must be specified."
        )
    return of_values([_number(datum["Value"], f"{member}.Value")])


def _statistics(statistics: Mapping[str, Any], member: str) -> Distribution:
    for name in ("SampleCount", "Sum", "Minimum", "Maximum"):
        if statistics.get(name) is None:
            text = f'Missing required parameter in {member}.StatisticValues: "{name}"'
            raise InvalidParameterValue(text)
        _number(statistics[name], f"{member}.StatisticValues.{name}")
    if float(statistics["Maximum"]) < float(statistics["Minimum"]) or float(statistics["SampleCount"]) <= 0:
        raise InvalidParameterValue(f"The statistics of {member}.StatisticValues contradict each other.")
    return of_statistics(statistics)


def _number(value: Any, parameter: str) -> float:
    number = float(value)
    if not math.isfinite(number) or abs(number) > _LARGEST:
        shown = "NaN" if math.isnan(number) else str(value)
        raise InvalidParameterValue(f"The value {shown} for parameter {parameter} is invalid.")
    return number


def entities(params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The data of EntityMetricData, whose entities the sandbox does not keep."""
    return [
        datum for entity in params.get("EntityMetricData") or [] for datum in entity.get("MetricData") or []
    ]


def seconds_of(at: datetime | float | str) -> float:
    """A time as moto has parsed it, in seconds since the epoch; one without a zone is in UTC."""
    if isinstance(at, datetime):
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    return float(at)
