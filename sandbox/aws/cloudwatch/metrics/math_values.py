"""The evaluation of metric math: a tree from `math_syntax` and the series that it names become a value. Pure.

A value is a number, a series (time to number) or an array of series. The rules are those of "Using metric
math": two series are combined at the times where both have data, a division by zero gives no data, and a
comparison gives 1 or 0. The functions of NOT_COVERED raise NotImplementedError.
"""

import itertools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import pstdev
from typing import TypeAlias

from sandbox.aws.cloudwatch.metrics.math_syntax import BadExpression, Call, Name, Node, Number, Text

Series: TypeAlias = dict[int, float]
"""Start of a period (seconds since the epoch) to its value."""

Value: TypeAlias = float | Series | list[Series]

NOT_COVERED = {
    *("ANOMALY_DETECTION_BAND", "SEARCH", "SORT", "SLICE", "INSIGHT_RULE_METRIC", "SERVICE_QUOTA"),
    *(
        "DB_PERF_INSIGHTS",
        "LAMBDA",
        "REMOVE_EMPTY",
        "EPOCH",
        "DAY",
        "DATE",
        "HOUR",
        "MINUTE",
        "MONTH",
        "YEAR",
    ),
    *("DIFF_TIME", "TIMESTAMP"),
}


@dataclass(frozen=True)
class Context:
    """What an expression is evaluated with."""

    series: Mapping[str, Value]
    """The other queries by id, in the order of the request."""
    metrics: Sequence[str]
    """The ids of those that are metrics, for METRICS()."""
    times: Sequence[int]
    """All periods of the request, in ascending order."""
    period: int


def _divide(a: float, b: float) -> float:
    return a / b if b else math.nan


def _power(a: float, b: float) -> float:
    try:
        result = a**b
    except (OverflowError, ZeroDivisionError):
        return math.nan
    return result if isinstance(result, float) else math.nan


def _deviation(values: Sequence[float]) -> float:
    try:
        return pstdev(values)
    except OverflowError:
        return math.inf


_BINARY: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "^": _power,
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "<": lambda a, b: float(a < b),
    "<=": lambda a, b: float(a <= b),
    ">": lambda a, b: float(a > b),
    ">=": lambda a, b: float(a >= b),
    "AND": lambda a, b: float(bool(a) and bool(b)),
    "OR": lambda a, b: float(bool(a) or bool(b)),
}
_UNARY: dict[str, Callable[[float], float]] = {
    "neg": operator.neg,
    "ABS": abs,
    "CEIL": lambda a: float(math.ceil(a)) if math.isfinite(a) else a,
    "FLOOR": lambda a: float(math.floor(a)) if math.isfinite(a) else a,
    "LOG": lambda a: math.log(a) if a > 0 else math.nan,
    "LOG10": lambda a: math.log10(a) if a > 0 else math.nan,
}
_ACROSS: dict[str, Callable[[Sequence[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
    "STDDEV": _deviation,
}


def evaluate(tree: Node, context: Context) -> Value:
    """The value of an expression. Raises BadExpression, and NotImplementedError for NOT_COVERED."""
    match tree:
        case Number(value):
            return value
        case Text():
            raise BadExpression("A string stands where a number or a metric is needed.")
        case Name(value):
            if value not in context.series:
                raise BadExpression(f"Unrecognized metric name or id '{value}'.")
            return context.series[value]
        case Call(function, arguments):
            return _call(function, arguments, context)


def _call(function: str, arguments: tuple[Node, ...], context: Context) -> Value:
    if function in NOT_COVERED:
        raise NotImplementedError(f"the metric math function {function}")
    if function == "METRICS":
        return _metrics(arguments, context)
    if function == "FILL":
        _need(function, arguments, 2)
        return _each(evaluate(arguments[0], context), lambda s: _fill(s, arguments[1], context))
    values = [evaluate(argument, context) for argument in arguments]
    if function == "[]":
        return [series for value in values for series in _as_array(value)]
    if function == "IF":
        _need(function, arguments, 2, 3)
        return _if(values, context)
    if function in _BINARY:
        return _binary(_BINARY[function], values[0], values[1])
    if function in _UNARY:
        _need(function, arguments, 1)
        return _map(_UNARY[function], values[0])
    if function in _ACROSS:
        _need(function, arguments, 1)
        return _across(_ACROSS[function], values[0])
    other = _OTHER.get(function)
    if other is None:
        raise BadExpression(f"Unrecognized function '{function}'.")
    _need(function, arguments, 1)
    return other(values[0], context)


def _need(function: str, arguments: tuple[Node, ...], *counts: int) -> None:
    if len(arguments) not in counts:
        wanted = " or ".join(map(str, counts))
        raise BadExpression(f"{function} takes {wanted} arguments, not {len(arguments)}.")


def _each(value: Value, work: Callable[[Series], Series]) -> Value:
    if isinstance(value, list):
        return [work(series) for series in value]
    if isinstance(value, dict):
        return work(value)
    raise BadExpression("A number stands where a metric is needed.")


def _as_array(value: Value) -> list[Series]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [value]
    raise BadExpression("An array holds metrics, not numbers.")


def _map(function: Callable[[float], float], value: Value) -> Value:
    if isinstance(value, int | float):
        return function(value)
    return _each(value, lambda series: _clean({at: function(number) for at, number in series.items()}))


def _binary(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            raise BadExpression("Two arrays of different lengths cannot be combined.")
        return [_as_series(_binary(function, a, b)) for a, b in zip(left, right, strict=True)]
    if isinstance(left, list):
        return [_as_series(_binary(function, a, right)) for a in left]
    if isinstance(right, list):
        return [_as_series(_binary(function, left, b)) for b in right]
    if isinstance(left, int | float) and isinstance(right, int | float):
        return function(left, right)
    times = [value.keys() for value in (left, right) if isinstance(value, dict)]
    shared = sorted(set(times[0]).intersection(*times))
    return _clean({at: function(_at(left, at), _at(right, at)) for at in shared})


def _as_series(value: Value) -> Series:
    assert isinstance(value, dict)
    return value


def _at(value: float | Series, at: int) -> float:
    return value[at] if isinstance(value, dict) else value


def _clean(series: Series) -> Series:
    """Without what is no number: such a period has no data."""
    return {at: value for at, value in series.items() if math.isfinite(value)}


def _if(values: list[Value], context: Context) -> Value:
    condition, then = values[0], values[1]
    otherwise: Value = values[2] if len(values) > 2 else {}
    if isinstance(condition, list) or isinstance(then, list) or isinstance(otherwise, list):
        raise BadExpression("IF takes single metrics and numbers, not arrays.")
    if isinstance(condition, int | float):
        return then if condition else otherwise
    result: Series = {}
    for at, met in condition.items():
        chosen = then if met else otherwise
        if isinstance(chosen, int | float):
            result[at] = chosen
        elif at in chosen:
            result[at] = chosen[at]
    return result


def _across(function: Callable[[Sequence[float]], float], value: Value) -> Value:
    """Of an array: at each time, over those that have data. Of one series: over all its times."""
    if isinstance(value, list):
        times = sorted(set().union(*value)) if value else []
        return _clean({at: function([series[at] for series in value if at in series]) for at in times})
    if isinstance(value, dict):
        return function(list(value.values())) if value else math.nan
    raise BadExpression("A number stands where a metric is needed.")


def _metrics(arguments: tuple[Node, ...], context: Context) -> Value:
    if arguments and not (len(arguments) == 1 and isinstance(arguments[0], Text)):
        raise BadExpression("METRICS takes nothing or one string.")
    part = arguments[0].value if arguments and isinstance(arguments[0], Text) else ""
    return [s for name in context.metrics if part in name for s in _as_array(context.series[name])]


def _fill(series: Series, filler: Node, context: Context) -> Series:
    if isinstance(filler, Name) and filler.value.upper() == "REPEAT":
        return _repeat(series, context.times)
    if isinstance(filler, Name) and filler.value.upper() == "LINEAR":
        return _linear(series, context.times)
    value = evaluate(filler, context)
    if isinstance(value, list):
        raise BadExpression("FILL takes a number, a metric, REPEAT or LINEAR.")
    filled = {at: _at(value, at) for at in context.times if isinstance(value, int | float) or at in value}
    return dict(sorted({**filled, **series}.items()))


def _repeat(series: Series, times: Sequence[int]) -> Series:
    result: Series = {}
    last: float | None = None
    for at in times:
        last = series.get(at, last)
        if last is not None:
            result[at] = last
    return result


def _linear(series: Series, times: Sequence[int]) -> Series:
    result = dict(series)
    known = sorted(series)
    for left, right in itertools.pairwise(known):
        slope = (series[right] - series[left]) / (right - left)
        result.update({at: series[left] + slope * (at - left) for at in times if left < at < right})
    return dict(sorted(result.items()))


def _rate(series: Series, per_second: bool) -> Series:
    known = sorted(series)
    return {b: (series[b] - series[a]) / ((b - a) if per_second else 1) for a, b in itertools.pairwise(known)}


def _running_sum(series: Series) -> Series:
    total, result = 0.0, {}
    for at in sorted(series):
        total += series[at]
        result[at] = total
    return result


def _end_of(value: Value, index: int) -> Value:
    if isinstance(value, list):
        return value[index] if value else {}
    if isinstance(value, dict):
        return value[sorted(value)[index]] if value else math.nan
    raise BadExpression("A number stands where a metric is needed.")


_OTHER: dict[str, Callable[[Value, Context], Value]] = {
    "RATE": lambda value, _: _each(value, lambda s: _rate(s, per_second=True)),
    "DIFF": lambda value, _: _each(value, lambda s: _rate(s, per_second=False)),
    "RUNNING_SUM": lambda value, _: _each(value, _running_sum),
    "PERIOD": lambda _, context: float(context.period),
    "DATAPOINT_COUNT": lambda value, _: float(sum(len(s) for s in _as_array(value))),
    "METRIC_COUNT": lambda value, _: float(len(_as_array(value))),
    "FIRST": lambda value, _: _end_of(value, 0),
    "LAST": lambda value, _: _end_of(value, -1),
    "TIME_SERIES": lambda value, context: (
        dict.fromkeys(context.times, value) if isinstance(value, int | float) else value
    ),
}
