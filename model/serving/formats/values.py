"""One value of a request: whether a feature takes it, and how to say what it is. No rows, no formats."""

import difflib
import math
from collections.abc import Collection
from typing import Any

from model.serving.models.schema import Feature
from model.serving.quoting import MAX_SHOWN, encodes, shown

FLOAT32_MAX = 3.4028234663852886e38
"""The largest number that the graph's float32 inputs can hold."""


class NotJson(str):
    """NaN, Infinity or -Infinity: Python's parser knows them, JSON does not."""


def fits(feature: Feature, value: Any) -> bool:
    """Whether `feature` takes the JSON value `value`."""
    if value is None:
        return feature.nullable
    if feature.kind == "number":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and abs(value) <= FLOAT32_MAX
    return isinstance(value, str) and not isinstance(value, NotJson) and encodes(value)


def expectation(feature: Feature) -> str:
    """What `feature` takes, in words."""
    what = "a finite number (float32)" if feature.kind == "number" else "a text"
    return f"{what} or null" if feature.nullable else what


def describe(value: Any) -> str:
    """A JSON value in words, its text cut to MAX_SHOWN characters."""
    match value:
        case None:
            return "null"
        case bool():
            return f"the boolean {str(value).lower()}"
        case NotJson():
            return f"{value}, which JSON does not have"
        case str():
            return f"the text {shown(value)}"
        case int() | float():
            return _number(value)
        case list():
            return f"a list of {len(value)}"
        case _:
            return "an object"


def resembling(name: str, names: Collection[str]) -> str:
    """A hint like ' (did you mean "carrier"?)', empty when nothing is near."""
    near = difflib.get_close_matches(name[:MAX_SHOWN], names, n=1)
    return f" (did you mean {shown(near[0])}?)" if near else ""


def _number(value: float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "a number out of every range"
    return f"the number {value:.10g}" if isinstance(value, float) else f"the number {value}"
