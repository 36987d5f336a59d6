"""Event patterns of EventBridge: which events a rule hears. Pure.

A pattern is an object whose leaves are lists: an event fits where every leaf fits, and a leaf fits by any of
its elements, which are values or filters ("Comparison operators" in EventBridge's user guide): prefix,
suffix, equals-ignore-case, wildcard, anything-but, numeric, cidr, exists; `$or` holds alternatives. A list
in an event fits where one of its elements does.
"""

import ipaddress
import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Fits: TypeAlias = Callable[[Any], bool]
"""Whether what is in an event fits; MISSING stands for nothing."""

MISSING = object()
MOST_WILDCARDS = 20
"""Nobody needs more, and each costs."""
_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class BadPattern(Exception):
    """What is no event pattern, with AWS's reason for it."""


def parse(text: str) -> Fits:
    """The test that a pattern is. Raises BadPattern."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadPattern(f"Filter is not valid JSON: {error}") from None
    if not isinstance(found, dict):
        raise BadPattern("Filter is not an object")
    return _object(found)


def _object(pattern: Mapping[str, Any]) -> Fits:
    if not pattern:
        raise BadPattern("Empty objects are not allowed")
    fields = {name: _node(name, inner) for name, inner in pattern.items() if name != "$or"}
    alternatives = _alternatives(pattern["$or"]) if "$or" in pattern else None

    def fits(value: Any) -> bool:
        if isinstance(value, list):
            return any(fits(one) for one in value)
        inside = value if isinstance(value, dict) else {}
        if not all(field(inside.get(name, MISSING)) for name, field in fields.items()):
            return False
        return alternatives is None or any(one(inside) for one in alternatives)

    return fits


def _alternatives(listed: Any) -> list[Fits]:
    if not isinstance(listed, list) or len(listed) < 2 or not all(isinstance(one, dict) for one in listed):
        raise BadPattern('"$or" must be an array of at least two objects')
    return [_object(one) for one in listed]


def _node(name: str, pattern: Any) -> Fits:
    if isinstance(pattern, dict):
        return _object(pattern)
    if not isinstance(pattern, list):
        raise BadPattern(f'"{name}" must be an object or an array')
    if not pattern:
        raise BadPattern("Empty arrays are not allowed")
    tests = [_element(one) for one in pattern]
    return lambda value: any(test(value) for test in tests)


def _element(element: Any) -> Fits:
    """One element of a leaf."""
    if isinstance(element, dict):
        return _filter(element)
    if isinstance(element, list):
        raise BadPattern("Match value must be String, number, true, false, or null")
    return _each(lambda value: _same(value, element))


def _filter(found: Mapping[str, Any]) -> Fits:
    if len(found) != 1:
        raise BadPattern("Only one key allowed in match expression")
    ((name, wanted),) = found.items()
    if name == "exists":
        if not isinstance(wanted, bool):
            raise BadPattern("exists match pattern must be either true or false.")
        return lambda value: _is_there(value) == wanted
    if name == "anything-but":
        return _each(_anything_but(wanted))
    if name == "numeric":
        return _each(_numeric(wanted))
    if name == "cidr":
        return _each(_cidr(wanted))
    return _each(_text(name, wanted))


def _anything_but(wanted: Any) -> Fits:
    if isinstance(wanted, dict):
        if len(wanted) != 1:
            raise BadPattern("Only one key allowed in match expression")
        ((name, inner),) = wanted.items()
        tests = [_text(name, one) for one in _listed(inner)]
        return lambda value: not any(test(value) for test in tests)
    values = _listed(wanted)
    if not values or not all(isinstance(one, str | int | float) for one in values):
        raise BadPattern("Value of anything-but must be an array or single string/number value.")
    return lambda value: not any(_same(value, one) for one in values)


def _text(name: str, wanted: Any) -> Fits:
    """A filter of texts."""
    if isinstance(wanted, dict) and list(wanted) == ["equals-ignore-case"] and name in ("prefix", "suffix"):
        lower = _word(name, wanted["equals-ignore-case"]).lower()
        ends = str.startswith if name == "prefix" else str.endswith
        return lambda value: isinstance(value, str) and ends(value.lower(), lower)
    word = _word(name, wanted)
    match name:
        case "prefix":
            return lambda value: isinstance(value, str) and value.startswith(word)
        case "suffix":
            return lambda value: isinstance(value, str) and value.endswith(word)
        case "equals-ignore-case":
            return lambda value: isinstance(value, str) and value.lower() == word.lower()
        case "wildcard":
            pattern = _wildcard(word)
            return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None
    raise BadPattern(f"Unrecognized match type {name}")


def _word(name: str, wanted: Any) -> str:
    if not isinstance(wanted, str):
        raise BadPattern(f"{name} match pattern must be a string")
    return wanted


def _wildcard(text: str) -> re.Pattern[str]:
    if "**" in text.replace("\\*", ""):
        raise BadPattern("Consecutive wildcard characters at pos are not allowed")
    if text.count("*") > MOST_WILDCARDS:
        raise BadPattern("Rule is too complex - try using fewer wildcard characters")
    pieces = re.findall(r"\\[*\\]|\*|[^*\\]|\\", text, re.DOTALL)
    if "\\" in pieces:
        raise BadPattern("Invalid escape character")
    return re.compile("".join(".*" if one == "*" else re.escape(one[-1]) for one in pieces), re.DOTALL)


def _numeric(wanted: Any) -> Fits:
    if not isinstance(wanted, list) or len(wanted) not in (2, 4):
        raise BadPattern("Invalid numeric match: an operator and a number, or two of each")
    pairs = list(zip(wanted[::2], wanted[1::2], strict=True))
    for sign, number in pairs:
        if sign not in _SIGNS or (sign == "=" and len(pairs) > 1):
            raise BadPattern(f"Unrecognized numeric range operator: {sign}")
        if not _is_number(number):
            raise BadPattern(f"Value of {sign} must be numeric")
    return lambda value: _is_number(value) and all(_SIGNS[sign](value, number) for sign, number in pairs)


def _cidr(wanted: Any) -> Fits:
    try:
        network = ipaddress.ip_network(_word("cidr", wanted), strict=False)
    except ValueError:
        raise BadPattern(f"Malformed CIDR, one '/' required: {wanted}") from None

    def fits(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return fits


def _each(test: Fits) -> Fits:
    """A test of a value, or of any value of a list; nothing and objects never fit."""

    def fits(value: Any) -> bool:
        if isinstance(value, list):
            return any(fits(one) for one in value)
        return value is not MISSING and not isinstance(value, dict) and test(value)

    return fits


def _is_there(value: Any) -> bool:
    """Whether a leaf is there: an object is none, and an empty list holds none."""
    if isinstance(value, list):
        return any(_is_there(one) for one in value)
    return value is not MISSING and not isinstance(value, dict)


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return value == wanted


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
