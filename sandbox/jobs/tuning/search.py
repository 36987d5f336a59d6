"""Which hyperparameters each training job of a tuning job is given: grid and random search. Pure.

A grid is every combination of categorical values, the last parameter changing first. A random choice depends
on the seed and the job's number alone, so that the same seed tries the same values. Auto is taken as Linear.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from random import Random
from typing import Any

KINDS = ("CategoricalParameterRanges", "IntegerParameterRanges", "ContinuousParameterRanges")


class BadRange(ValueError):
    """Ranges that cannot be searched; the message says why."""


def checked_number_of_jobs(strategy: str, ranges: Mapping[str, Any], asked: int | None) -> int:
    """How many training jobs a search has. Raises BadRange for ranges that cannot be searched."""
    named = [one for kind in KINDS for one in ranges.get(kind) or []]
    names = [one["Name"] for one in named]
    if not names:
        raise BadRange("ParameterRanges has no hyperparameter to tune.")
    if len(set(names)) != len(names):
        raise BadRange("The names of the hyperparameters in ParameterRanges must be unique.")
    for one in (*_of("IntegerParameterRanges", ranges), *_of("ContinuousParameterRanges", ranges)):
        _check(one)
    if strategy != "Grid":
        if asked is None:
            raise BadRange("ResourceLimits.MaxNumberOfTrainingJobs is required for the Random strategy.")
        return asked
    if any(_of(kind, ranges) for kind in KINDS[1:]):
        raise BadRange("Only categorical parameters are supported when using the Grid strategy.")
    number = len(_grid(ranges))
    if asked not in (None, number):
        raise BadRange(
            f"MaxNumberOfTrainingJobs is {asked}, and the Grid strategy has {number} distinct combinations."
        )
    return number


def chosen(strategy: str, ranges: Mapping[str, Any], seed: str, number: int) -> dict[str, str]:
    """The hyperparameters of the training job with that number, from 1."""
    if strategy == "Grid":
        return _grid(ranges)[number - 1]
    dice = Random(f"{seed}:{number}")  # noqa: S311  a search, not a secret
    found = {one["Name"]: dice.choice(one["Values"]) for one in _of("CategoricalParameterRanges", ranges)}
    for one in _of("IntegerParameterRanges", ranges):
        low, high = int(one["MinValue"]), int(one["MaxValue"])
        found[one["Name"]] = str(min(max(round(_drawn(one, dice)), low), high))
    for one in _of("ContinuousParameterRanges", ranges):
        found[one["Name"]] = repr(_drawn(one, dice))
    return found


def _grid(ranges: Mapping[str, Any]) -> list[dict[str, str]]:
    named = _of("CategoricalParameterRanges", ranges)
    names = [one["Name"] for one in named]
    values = [list(dict.fromkeys(one["Values"])) for one in named]
    return [dict(zip(names, combination, strict=True)) for combination in product(*values)]


def _of(kind: str, ranges: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return ranges.get(kind) or []


def _check(one: Mapping[str, Any]) -> None:
    try:
        low, high = float(one["MinValue"]), float(one["MaxValue"])
    except ValueError as error:
        raise BadRange(f"MinValue and MaxValue of {one['Name']} must be numbers.") from error
    if low > high:
        raise BadRange(f"MinValue of {one['Name']} is greater than its MaxValue.")
    scaling = one.get("ScalingType")
    if scaling == "Logarithmic" and low <= 0:
        raise BadRange(f"Logarithmic scaling of {one['Name']} needs values that are greater than 0.")
    if scaling == "ReverseLogarithmic" and not 0 <= low <= high < 1:
        raise BadRange(f"ReverseLogarithmic scaling of {one['Name']} needs values of 0 to less than 1.")


def _drawn(one: Mapping[str, Any], dice: Random) -> float:
    """A value of a range, evenly on its scale."""
    low, high, at = float(one["MinValue"]), float(one["MaxValue"]), dice.random()
    scaling = one.get("ScalingType")
    if scaling == "Logarithmic":
        value = math.exp(math.log(low) + at * (math.log(high) - math.log(low)))
    elif scaling == "ReverseLogarithmic":
        value = 1 - math.exp(math.log(1 - low) + at * (math.log(1 - high) - math.log(1 - low)))
    else:
        value = low + at * (high - low)
    return min(max(value, low), high)
