"""What a server answered, as data, and how two answers differ: numbers by how much, all else at all. Pure.

Golden requests of a container that this repository did not build hold the whole answer that is expected. Its
numbers are its scores, in the order in which they stand; what is no number has to be the same.
"""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

Place = tuple[str | int, ...]
"""Where in an answer something stands: keys and positions, from the outside."""


def parse(body: bytes, content_type: str) -> Any:
    """An answer of that content type as data: JSON, the rows of a CSV, else its text. Raises ValueError."""
    kind = content_type.partition(";")[0].strip().lower()
    text = body.decode("utf-8")
    if kind.endswith("json"):
        return json.loads(text)
    if kind == "text/csv":
        try:
            return [[_field(field) for field in row] for row in csv.reader(io.StringIO(text)) if row]
        except csv.Error as error:
            raise ValueError(str(error)) from None
    return text


def _field(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def at(answer: Any, pointer: str) -> Any:
    """The part of an answer at a JSON pointer (RFC 6901), all of it for "". Raises ValueError."""
    found = answer
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(key)] if isinstance(found, list) else found[key]
        except (KeyError, IndexError, TypeError, ValueError):
            raise ValueError(f"it has nothing at {pointer}") from None
    return found


def numbers(answer: Any) -> list[float]:
    """All numbers of an answer in the order in which they stand; those of an object in the order of its keys.

    What is true or false is no number.
    """
    return [value for _, value in _leaves(answer) if _is_number(value)]


def rows(answer: Any, each: bool = False) -> list[list[float]]:
    """The rows of an answer, each the numbers of one: innermost lists, or objects in a list that hold none.

    Of an object's lists those at the last key that has any are taken: one meaning, not several. Where no list
    holds a number, all numbers are one row. With `each`, a list that lies in no other one is a list of rows
    of one number.
    """
    whole = numbers(answer)
    return _listed(answer, each) or ([whole] if whole else [])


def _listed(answer: Any, each: bool) -> list[list[float]]:
    """The rows in the lists of an answer."""
    if isinstance(answer, Mapping):
        found = (_listed(answer[key], each) for key in sorted(answer, reverse=True))
        return next(filter(None, found), [])
    if not isinstance(answer, list):
        return []
    inner = [row for item in answer if isinstance(item, Mapping | list) for row in rows(item)]
    mine = [value for value in answer if _is_number(value)]
    if inner or not mine:
        return inner
    return [[value] for value in mine] if each else [mine]


def not_finite(answer: Any) -> str | None:
    """The first number of an answer that is not finite, and where it stands, or None when all are."""
    for place, value in _leaves(answer):
        if _is_number(value) and not _is_finite(value):
            return f"{_short(value)} at {_words(place)}"
    return None


def holds_null(answer: Any) -> bool:
    """Whether an answer holds null: what encoders write that know no number which is not finite."""
    return any(value is None for _, value in _leaves(answer))


def difference(expected: Any, found: Any, tolerance: float) -> str | None:
    """Where and how `found` is not what is expected, or None. Numbers may lie `tolerance` apart."""
    mine, theirs = dict(_leaves(expected)), dict(_leaves(found))
    for place in [*mine, *(place for place in theirs if place not in mine)]:
        if place not in theirs:
            return f"nothing at {_words(place)}, where {_short(mine[place])} is expected"
        if place not in mine:
            return f"{_short(theirs[place])} at {_words(place)}, where nothing is expected"
        one, other = mine[place], theirs[place]
        if _is_number(one) and _is_number(other):
            if not (_is_finite(other) and abs(one - other) <= tolerance):
                return f"{_short(other)} at {_words(place)}, where {_short(one)} is expected"
        elif type(one) is not type(other) or one != other:
            return f"{_short(other)} at {_words(place)}, where {_short(one)} is expected"
    return None


def _leaves(answer: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Everything in an answer that holds nothing else, with its place; an empty list or object is one."""
    if isinstance(answer, Mapping) and answer:
        for key in sorted(answer):
            yield from _leaves(answer[key], (*place, key))
    elif isinstance(answer, list) and answer:
        for index, item in enumerate(answer):
            yield from _leaves(item, (*place, index))
    else:
        yield place, answer


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what a float can be
        return False


def _words(place: Place) -> str:
    return "/" + "/".join(map(str, place))


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
