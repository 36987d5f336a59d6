"""The rule of a composite alarm (AlarmRule): parsed, and evaluated against the states of other alarms. Pure.

`ALARM(name)`, `OK("name or ARN")`, `INSUFFICIENT_DATA(...)`, `TRUE`, `FALSE`, with NOT, AND, OR and
parentheses. AT_LEAST is not covered.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from sandbox.aws.cloudwatch.alarms.rules import STATES

MOST_TEXT = 10_240
_DEEPEST = 50
_TOKEN = re.compile(
    r"\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:\"(?P<quoted>[^\"]+)\"|(?P<plain>[^()\"]+?))\s*\)"
    r"|(?P<word>AND|OR|NOT|TRUE|FALSE)\b|(?P<sign>[()]))",
    re.IGNORECASE,
)


class BadRule(ValueError):
    """A rule that cannot be read; the message says where."""


@dataclass(frozen=True)
class Is:
    """The condition that an alarm is in a state."""

    state: str
    alarm: str


@dataclass(frozen=True)
class Op:
    """AND, OR or NOT of other rules; or the constants TRUE and FALSE, which have no parts."""

    word: str
    of: tuple["Rule", ...] = ()


Rule: TypeAlias = Is | Op


def parse(text: str) -> Rule:
    """The rule that a text holds. Raises BadRule."""
    if len(text) > MOST_TEXT:
        raise BadRule(f"AlarmRule must not exceed {MOST_TEXT} characters")
    if "AT_LEAST" in text.upper():
        raise NotImplementedError("AT_LEAST in an alarm rule")
    tokens: list[Rule | str] = []
    position, text = 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise BadRule(f"AlarmRule has a syntax error at: {text[position:].strip()[:40]}")
        position = match.end()
        if match["state"]:
            name = match["quoted"] or match["plain"]
            tokens.append(Is(match["state"].upper(), name.rpartition(":alarm:")[2]))
        else:
            tokens.append((match["word"] or match["sign"]).upper())
    parser = _Parser(tokens)
    rule = parser.either()
    if parser.peek() is not None:
        raise BadRule("AlarmRule has a syntax error: an operator is missing")
    return rule


def alarms(rule: Rule) -> set[str]:
    """The names of the alarms that a rule looks at."""
    if isinstance(rule, Is):
        return {rule.alarm}
    return set().union(*(alarms(part) for part in rule.of)) if rule.of else set()


def holds(rule: Rule, state: Callable[[str], str | None]) -> bool:
    """Whether a rule is true; `state` gives an alarm's state, None for an alarm that is not there."""
    if isinstance(rule, Is):
        assert rule.state in STATES
        return state(rule.alarm) == rule.state
    if rule.word == "NOT":
        return not holds(rule.of[0], state)
    if rule.word == "AND":
        return all(holds(part, state) for part in rule.of)
    if rule.word == "OR":
        return any(holds(part, state) for part in rule.of)
    return rule.word == "TRUE"


class _Parser:
    """Recursive descent: OR binds loosest, then AND, then NOT."""

    def __init__(self, tokens: list[Rule | str]) -> None:
        self._tokens = tokens
        self._depth = 0

    def peek(self) -> Rule | str | None:
        return self._tokens[0] if self._tokens else None

    def either(self) -> Rule:
        parts = [self._both()]
        while self.peek() == "OR":
            self._tokens.pop(0)
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Op("OR", tuple(parts))

    def _both(self) -> Rule:
        parts = [self._one()]
        while self.peek() == "AND":
            self._tokens.pop(0)
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Op("AND", tuple(parts))

    def _one(self) -> Rule:
        if not self._tokens:
            raise BadRule("AlarmRule has a syntax error: it ends too early")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadRule("AlarmRule is nested too deeply")
        try:
            first = self._tokens.pop(0)
            if first == "NOT":
                return Op("NOT", (self._one(),))
            if first == "(":
                rule = self.either()
                if not self._tokens or self._tokens.pop(0) != ")":
                    raise BadRule("AlarmRule has a syntax error: ')' is missing")
                return rule
            if first in ("TRUE", "FALSE"):
                return Op(str(first))
            if isinstance(first, str):
                raise BadRule(f"AlarmRule has a syntax error at: {first}")
            return first
        finally:
            self._depth -= 1
