"""The JSONPaths that batch transform's filters take: parsed, and applied to a value. Pure.

The subset is that of "Supported JSONPath Operators" (batch-transform-data-processing in the developer guide),
with the unions of the API reference's example `$[0,5:]`. A slice holds both of its ends, as that page says
twice (`$[1:4]` is the second through the fifth column); JsonPath's own slices leave the last one out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

MOST_CHARACTERS = 63

_CHILD = re.compile(r"\.([A-Za-z_][\w-]*)")
_WILDCARD = re.compile(r"\.\*|\[\*\]")
_NAMES = re.compile(r"\.?\[('[^']*'(?:\s*,\s*'[^']*')*)\]")
_INDEXES = re.compile(r"\[((?:-?\d+|-?\d*:-?\d*)(?:\s*,\s*(?:-?\d+|-?\d*:-?\d*))*)\]")


class BadPath(ValueError):
    """What is no JSONPath of the subset."""


class NotThere(ValueError):
    """A path names what a value does not have."""


@dataclass(frozen=True)
class Names:
    """Children of an object by name; several make an object of their own."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Span:
    """A slice of an array, both ends in it; None is the array's own end."""

    start: int | None
    end: int | None


@dataclass(frozen=True)
class Indexes:
    """Elements of an array; one index alone is the element itself, anything else an array."""

    chosen: tuple[int | Span, ...]


@dataclass(frozen=True)
class Every:
    """All children of an object, or all elements of an array, as an array."""


Step = Names | Indexes | Every


@dataclass(frozen=True)
class Path:
    """A parsed path; without steps it is the value as it is."""

    steps: tuple[Step, ...] = ()

    @property
    def is_root(self) -> bool:
        """Whether it leaves every value as it is."""
        return not self.steps

    @property
    def is_of_columns(self) -> bool:
        """Whether it can be applied to a row of CSV, which is an array."""
        return len(self.steps) <= 1 and not any(isinstance(step, Names) for step in self.steps)

    def of(self, value: Any) -> Any:
        """What it selects of `value`. Raises NotThere."""
        for step in self.steps:
            value = _taken(step, value)
        return value


ROOT = Path()


def parse(text: str) -> Path:
    """The path that `text` writes. Raises BadPath."""
    if not text.startswith("$") or len(text) > MOST_CHARACTERS:
        raise BadPath(
            f"{text!r} is no JSONPath that begins with $ and has at most {MOST_CHARACTERS} characters"
        )
    return Path(tuple(_steps(text, 1)))


def _steps(text: str, at: int) -> Iterator[Step]:
    while at < len(text):
        for pattern, made in _GRAMMAR:
            if found := pattern.match(text, at):
                at = found.end()
                yield made(found)
                break
        else:
            raise BadPath(f"{text!r} has at {text[at:]!r} an operator that batch transform does not support")


def _child(found: re.Match[str]) -> Step:
    return Names((found[1],))


def _names(found: re.Match[str]) -> Step:
    return Names(tuple(re.findall(r"'([^']*)'", found[1])))


def _indexes(found: re.Match[str]) -> Step:
    return Indexes(tuple(_index(part.strip()) for part in found[1].split(",")))


def _index(part: str) -> int | Span:
    if ":" not in part:
        return int(part)
    start, end = (int(side) if side else None for side in part.split(":"))
    return Span(start, end)


_GRAMMAR = (
    (_WILDCARD, lambda _: Every()),
    (_CHILD, _child),
    (_NAMES, _names),
    (_INDEXES, _indexes),
)


def _taken(step: Step, value: Any) -> Any:
    match step:
        case Names(names):
            return _children(names, value)
        case Indexes(chosen):
            return _elements(chosen, value)
        case Every():
            if not isinstance(value, (dict, list)):
                raise NotThere("a wildcard needs an object or an array")
            return list(value.values()) if isinstance(value, dict) else list(value)


def _children(names: Sequence[str], value: Any) -> Any:
    if not isinstance(value, dict):
        raise NotThere(f"{names[0]!r} needs an object")
    missing = [name for name in names if name not in value]
    if missing:
        raise NotThere(f"there is no {missing[0]!r}")
    return value[names[0]] if len(names) == 1 else {name: value[name] for name in names}


def _elements(chosen: Sequence[int | Span], value: Any) -> Any:
    if not isinstance(value, list):
        raise NotThere("an index needs an array")
    parts = [_part(one, value) for one in chosen]
    if len(chosen) == 1 and isinstance(chosen[0], int):
        return parts[0][0]
    return [element for part in parts for element in part]


def _part(one: int | Span, value: list[Any]) -> list[Any]:
    size = len(value)
    if isinstance(one, int):
        if not -size <= one < size:
            raise NotThere(f"index {one} is not within {size} elements")
        return [value[one]]
    start = 0 if one.start is None else _within(one.start, size)
    end = size - 1 if one.end is None else _within(one.end, size)
    return value[start : end + 1]


def _within(index: int, size: int) -> int:
    """An end of a slice as a number from the array's beginning. Raises NotThere where the array has none."""
    if not -size <= index < size:
        raise NotThere(f"index {index} is not within {size} elements")
    return index % size
