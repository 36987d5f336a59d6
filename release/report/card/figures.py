"""Numbers of a card as words."""

from release.domain.card import Measured
from release.report.words import NONE


def number(value: float | None, digits: int = 4) -> str:
    """A number with so many digits that count."""
    if value is None:
        return NONE
    return f"{value:,.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"


def whole(value: int | None) -> str:
    """A count."""
    return NONE if value is None else f"{value:,}"


def part(value: float | None) -> str:
    """A share in per cent."""
    return NONE if value is None else f"{100 * value:.1f} %"


def measured(found: Measured | None, none: str = NONE) -> str:
    """A value with its interval of 95 %; `none` where there is none."""
    if found is None:
        return none
    if found.low is None or found.high is None:
        return number(found.value)
    return f"{number(found.value, 3)} ({number(found.low, 3)} to {number(found.high, 3)})"


def span(first: str | float | None, last: str | float | None) -> str:
    """From when to when, or from which number to which."""
    if first is None or last is None:
        return NONE
    ends = [number(end) if isinstance(end, float | int) else end for end in (first, last)]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)
