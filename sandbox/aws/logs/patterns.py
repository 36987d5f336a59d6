"""Filter patterns of FilterLogEvents. Pure.

Terms (`ERROR`, `"two words"`, `-not`, `?one ?of`), regular expressions (`%5\\d\\d%`), JSON (`{ $.a = 1 }`,
see `json_patterns`) and fields of space-delimited events (`[ip, user, status = 4*, ...]`). Terms are
case-sensitive, as documented.
"""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sandbox.aws.logs.json_patterns import parse as parse_json
from sandbox.aws.logs.wildcards import BadPattern, compiled, wildcard

Match = Callable[[str], bool]

MOST_TEXT = 1024
_TERM = re.compile(
    r"\s*(?P<sign>[-?]?)(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|%(?P<regex>[^%]+)%|(?P<plain>[^\s\"]+))"
)
_FIELD = re.compile(r"\"[^\"]*\"|\[[^\]]*\]|\S+")
_CONDITION = re.compile(
    r"\s*(?P<name>[\w.]+)\s*(?:(?P<sign>!=|<=|>=|=|<|>)\s*(?P<value>\"[^\"]*\"|%[^%]+%|\S+)\s*)?"
)


@lru_cache(maxsize=256)
def parse(pattern: str) -> Match:
    """The test of a message that a pattern means. Raises BadPattern."""
    text = pattern.strip()
    if len(pattern) > MOST_TEXT:
        raise BadPattern
    if not text or text in ('""', "*"):
        return lambda message: True
    if text.startswith("{"):
        if not text.endswith("}"):
            raise BadPattern
        return _of_json(parse_json(text[1:-1]))
    if text.startswith("["):
        if not text.endswith("]"):
            raise BadPattern
        return _fields(text[1:-1])
    return _terms(text)


def _of_json(test: Callable[[Any], bool]) -> Match:
    def matches(message: str) -> bool:
        if not message.lstrip().startswith(("{", "[")):
            return False
        try:
            return test(json.loads(message))
        except (ValueError, RecursionError):
            return False

    return matches


def _terms(text: str) -> Match:
    needed: list[Match] = []
    excluded: list[Match] = []
    optional: list[Match] = []
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise BadPattern
        position = match.end()
        {"": needed, "-": excluded, "?": optional}[match["sign"]].append(_term(match))

    def matches(message: str) -> bool:
        if any(term(message) for term in excluded) or not all(term(message) for term in needed):
            return False
        return bool(needed) or not optional or any(term(message) for term in optional)

    return matches


def _term(match: re.Match[str]) -> Match:
    if match["regex"]:
        pattern = compiled(match["regex"])
        return lambda message: pattern.search(message) is not None
    quoted = match["quoted"]
    term = match["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return lambda message: term in message


def _fields(text: str) -> Match:
    """The test of a space-delimited event; `...` stands for any number of fields."""
    parts = [part.strip() for part in text.split(",")]
    if "" in parts or parts.count("...") > 1:
        raise BadPattern
    tests = [None if part == "..." else _field(part) for part in parts]
    gap = tests.index(None) if None in tests else -1

    def matches(message: str) -> bool:
        values = [value.strip('"[]') for value in _FIELD.findall(message)]
        if gap < 0:
            chosen = values if len(values) == len(tests) else None
        else:
            tail = len(tests) - gap - 1
            enough = len(values) >= len(tests) - 1
            chosen = [*values[:gap], "", *values[len(values) - tail :]] if enough else None
        if chosen is None:
            return False
        return all(test is None or test(value) for test, value in zip(tests, chosen, strict=True))

    return matches


def _field(text: str) -> Match:
    tests = [_condition(part) for part in re.split(r"&&|\|\|", text)]
    return (
        (lambda value: any(t(value) for t in tests))
        if "||" in text
        else lambda value: all(t(value) for t in tests)
    )


def _condition(text: str) -> Match:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise BadPattern
    sign, wanted = match["sign"], match["value"]
    if sign is None:
        return lambda value: True
    if sign in ("=", "!="):
        if wanted.startswith("%"):
            regex = compiled(wanted.strip("%"))
            return lambda value: (regex.search(value) is not None) == (sign == "=")
        pattern = wildcard(wanted.strip('"'))
        return lambda value: (pattern.fullmatch(value) is not None) == (sign == "=")
    try:
        bound = float(wanted)
    except ValueError as error:
        raise BadPattern from error
    compare = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}[sign]

    def ordered(value: str) -> bool:
        try:
            return compare(float(value), bound)
        except ValueError:
            return False

    return ordered
