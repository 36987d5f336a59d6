"""What a service says may be tried of its pipelines' parameters, and such a value as text. Pure.

Names are scikit-learn's own: `classifier__learning_rate` is that of the step `classifier`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Value = bool | int | float | str
Parameters = Mapping[str, Value]


@dataclass(frozen=True)
class Whole:
    """A whole number, both ends included; `log` where the size counts and not the difference."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class Real:
    """A number, both ends included; `log` where the size counts and not the difference."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """One of these values."""

    values: tuple[Value, ...]


Range = Whole | Real | Choice
Space = Mapping[str, Range]


def value(range_: Range, text: str) -> Value:
    """The value that a text means. Raises ValueError for one that is not in the range."""
    match range_:
        case Whole():
            found: Value = int(text)
        case Real():
            found = float(text)
        case Choice(values):
            found = next((each for each in values if str(each) == text), text)
    if not holds(range_, found):
        raise ValueError(f"{text} is not {shown(range_)}")
    return found


def holds(range_: Range, found: object) -> bool:
    """Whether a value is in the range."""
    match range_:
        case Whole(low, high) | Real(low, high):
            return isinstance(found, int | float) and low <= found <= high
        case Choice(values):
            return found in values


def shown(range_: Range) -> str:
    """A range in words."""
    match range_:
        case Whole(low, high):
            return f"a whole number from {low} to {high}"
        case Real(low, high):
            return f"a number from {low:g} to {high:g}"
        case Choice(values):
            return f"one of {', '.join(map(str, values))}"


def parameters(space: Space, texts: Mapping[str, str]) -> dict[str, Value]:
    """The values of these texts by name. Raises ValueError for a name that the space has not."""
    unknown = [name for name in texts if name not in space]
    if unknown:
        raise ValueError(f"there is no {', '.join(unknown)} to set; there is {', '.join(space) or 'nothing'}")
    return {name: value(space[name], text) for name, text in texts.items()}
