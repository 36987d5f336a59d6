"""Filter patterns for JSON log events: `{ $.status = 500 && $.path = "/a*" }`. Pure.

Selectors are `$`, members and indexes (`$.a.b[0]`, `$.['a.b']`, `[*]`); comparisons =, !=, <, <=, >, >=
with numbers (wildcards `4*` among them), strings with `*`, and `%regular expressions%`; IS NULL, IS TRUE,
IS FALSE, NOT EXISTS; && , || and parentheses.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sandbox.aws.logs.wildcards import BadPattern, compiled, wildcard

Test: TypeAlias = Callable[[Any], bool]
"""Whether a parsed JSON event matches."""

_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_TOKEN = re.compile(
    r"\s*(?:(?P<selector>\$(?:\.?\[(?:\*|\d+|'[^']*'|\"[^\"]*\")\]|\.(?:\*|[\w\-@:/]+))*)"
    r"|(?P<sign>&&|\|\||!=|<=|>=|[=<>()])|(?P<quoted>\"(?:[^\"\\]|\\.)*\")|(?P<regex>%[^%]+%)"
    r"|(?P<word>[^\s()&|=<>!\"]+))"
)
_STEP = re.compile(
    r"\[(?:(?P<index>\*|\d+)|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\")\]|\.(?P<name>\*|[\w\-@:/]+)"
)
_DEEPEST = 40


@dataclass(frozen=True)
class _Token:
    """A piece of a pattern: what kind it is, and its text."""

    kind: str
    text: str


def parse(text: str) -> Test:
    """The test that the inside of `{ … }` means. Raises BadPattern."""
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise BadPattern
        tokens.append(_Token(match.lastgroup or "", match[match.lastgroup or 0]))
        position = match.end()
    parser = _Parser(tokens)
    test = parser.either()
    if parser.peek():
        raise BadPattern
    return test


class _Parser:
    """Recursive descent: || binds loosest, then &&, then comparisons."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._depth = 0

    def peek(self) -> str:
        return self._tokens[0].text if self._tokens else ""

    def _take(self) -> _Token:
        if not self._tokens:
            raise BadPattern
        return self._tokens.pop(0)

    def either(self) -> Test:
        parts = [self._both()]
        while self.peek() == "||":
            self._take()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda event: any(part(event) for part in parts)

    def _both(self) -> Test:
        parts = [self._one()]
        while self.peek() == "&&":
            self._take()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda event: all(part(event) for part in parts)

    def _one(self) -> Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadPattern
        token = self._take()
        if token.text == "(":
            test = self.either()
            if self._take().text != ")":
                raise BadPattern
        elif token.kind == "selector":
            test = self._comparison(_steps(token.text))
        else:
            raise BadPattern
        self._depth -= 1
        return test

    def _comparison(self, steps: list[str | int]) -> Test:
        sign = self._take()
        if sign.text.upper() == "IS":
            word = self._take().text.upper()
            wanted = {"NULL": None, "TRUE": True, "FALSE": False}
            if word not in wanted:
                raise BadPattern
            return lambda event: any(found is wanted[word] for found in _find(event, steps))
        if sign.text.upper() == "NOT":
            if self._take().text.upper() != "EXISTS":
                raise BadPattern
            return lambda event: not _find(event, steps)
        if sign.kind != "sign" or sign.text in ("&&", "||", "(", ")"):
            raise BadPattern
        value = self._take()
        if sign.text in _ORDER:
            return _ordered(_ORDER[sign.text], steps, value)
        equal = _equal(value)
        if sign.text == "=":
            return lambda event: any(equal(found) for found in _find(event, steps))
        return lambda event: any(not equal(found) for found in _find(event, steps))


def _ordered(compare: Callable[[float, float], bool], steps: list[str | int], value: _Token) -> Test:
    if not _NUMBER.fullmatch(value.text):
        raise BadPattern
    bound = float(value.text)
    return lambda event: any(_is_number(found) and compare(found, bound) for found in _find(event, steps))


def _equal(value: _Token) -> Callable[[Any], bool]:
    if value.kind == "regex":
        pattern = compiled(value.text[1:-1])
        return lambda found: pattern.search(_text(found)) is not None
    if value.kind == "quoted":
        pattern = wildcard(re.sub(r"\\(.)", r"\1", value.text[1:-1]))
        return lambda found: isinstance(found, str) and pattern.fullmatch(found) is not None
    if value.kind not in ("word", "selector"):
        raise BadPattern
    if _NUMBER.fullmatch(value.text):
        number = float(value.text)
        return lambda found: (_is_number(found) and found == number) or found == value.text
    pattern = wildcard(value.text)
    return lambda found: not isinstance(found, dict | list) and pattern.fullmatch(_text(found)) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _steps(selector: str) -> list[str | int]:
    steps: list[str | int] = []
    for match in _STEP.finditer(selector):
        index = match["index"]
        if index is not None:
            steps.append("*" if index == "*" else int(index))
        else:
            steps.append(
                next(part for part in (match["single"], match["double"], match["name"]) if part is not None)
            )
    return steps


def _find(event: Any, steps: list[str | int]) -> list[Any]:
    """Everything that a selector finds; nothing when a member is missing."""
    found = [event]
    for step in steps:
        inner: list[Any] = []
        for value in found:
            if isinstance(value, dict):
                if step == "*":
                    inner.extend(value.values())
                elif step in value:
                    inner.append(value[step])
            elif isinstance(value, list):
                if step == "*":
                    inner.extend(value)
                elif isinstance(step, int) and step < len(value):
                    inner.append(value[step])
        found = inner
    return found
