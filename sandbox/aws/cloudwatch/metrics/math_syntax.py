"""The syntax of metric math: the text of an expression becomes a tree, which `math_values` evaluates. Pure.

Source: "Using metric math". Operators, from loose to tight: OR, AND, comparison, + -, * /, unary minus, ^.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

MOST_TEXT = 2048
"""Characters of one expression, as PutMetricAlarm takes them."""

_DEEPEST = 40
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>()\[\],]))"
)


class BadExpression(ValueError):
    """An expression that metric math does not have; the message says where."""


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Text:
    """A quoted string."""

    value: str


@dataclass(frozen=True)
class Name:
    """The id of another query, or a word such as REPEAT."""

    value: str


@dataclass(frozen=True)
class Call:
    """A function, or an operator under its sign; `neg` is the unary minus, `[]` an array."""

    function: str
    arguments: tuple["Node", ...]


Node: TypeAlias = Number | Text | Name | Call

_LEVELS: tuple[tuple[str, ...], ...] = (
    ("OR", "||"),
    ("AND", "&&"),
    ("==", "!=", "<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "/"),
)
_SAME = {"&&": "AND", "||": "OR"}


def parse(text: str) -> Node:
    """The tree of an expression. Raises BadExpression."""
    if len(text) > MOST_TEXT:
        raise BadExpression(f"The expression is longer than {MOST_TEXT} characters.")
    parser = _Parser(_tokens(text))
    tree = parser.level(0)
    if parser.peek():
        raise BadExpression(f"Unexpected '{parser.peek()}'.")
    return tree


def names(tree: Node) -> set[str]:
    """The ids that an expression refers to (words of functions, such as REPEAT, among them)."""
    if isinstance(tree, Name):
        return {tree.value}
    if isinstance(tree, Call):
        return set().union(*(names(argument) for argument in tree.arguments))
    return set()


def functions(tree: Node) -> set[str]:
    """The functions that an expression calls."""
    if isinstance(tree, Call):
        return {tree.function}.union(*(functions(argument) for argument in tree.arguments))
    return set()


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise BadExpression(f"Unexpected '{text[position:].strip()[:20]}'.")
        kind = match.lastgroup or ""
        found.append((kind, match[kind]))
        position = match.end()
    return found


class _Parser:
    """Recursive descent over tokens."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise BadExpression("The expression ends too early.")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, sign: str) -> None:
        kind, value = self._take()
        if value != sign or kind != "sign":
            raise BadExpression(f"Expected '{sign}' but found '{value}'.")

    def level(self, number: int) -> Node:
        if number == len(_LEVELS):
            return self._unary()
        tree = self.level(number + 1)
        while self.peek().upper() in _LEVELS[number] and self._is_operator():
            sign = self._take()[1].upper()
            tree = Call(_SAME.get(sign, sign), (tree, self.level(number + 1)))
        return tree

    def _is_operator(self) -> bool:
        kind, value = self._tokens[self._at]
        return kind == "sign" or value.upper() in ("AND", "OR")

    def _unary(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadExpression("The expression is nested too deeply.")
        try:
            if self.peek() == "-":
                self._take()
                return Call("neg", (self._unary(),))
            base = self._primary()
            if self.peek() == "^":
                self._take()
                return Call("^", (base, self._unary()))
            return base
        finally:
            self._depth -= 1

    def _primary(self) -> Node:
        kind, value = self._take()
        if kind == "number":
            return Number(float(value))
        if kind == "text":
            return Text(value[1:-1])
        if kind == "name":
            if self.peek() == "(":
                self._take()
                return Call(value.upper(), self._until(")"))
            return Name(value)
        if value == "(":
            tree = self.level(0)
            self._expect(")")
            return tree
        if value == "[":
            return Call("[]", self._until("]"))
        raise BadExpression(f"Unexpected '{value}'.")

    def _until(self, end: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while self.peek() != end:
            if found:
                self._expect(",")
            found.append(self.level(0))
        self._expect(end)
        return tuple(found)
