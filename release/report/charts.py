"""Charts as inline SVG that stretches to any width; their words are HTML over it, and do not stretch.

A chart is a `<div class="plot">`: an SVG of 1000 x 100 units without a fixed aspect, whose lines keep their
width, and labels at percentages of the same box. Everything that is drawn is told in a title too.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

WIDTH, HEIGHT = 1000, 100
TIME_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
"""Seconds between two labels of a time axis."""
MOST_LABELS = 6

XY = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """From `low` to `high`, on to a length."""

    low: float
    high: float
    length: float
    flipped: bool = False

    def __call__(self, value: float) -> float:
        """Where a value lies; what lies outside is drawn just outside."""
        part = (value - self.low) / ((self.high - self.low) or 1.0)
        part = min(max(part, -0.1), 1.1)
        return round(self.length * (1 - part if self.flipped else part), 1)


@dataclass(frozen=True)
class Line:
    """A line through runs of points; between two runs it is broken."""

    runs: Sequence[Sequence[XY]]
    css: str


@dataclass(frozen=True)
class Rule:
    """A horizontal line with its label."""

    value: float
    css: str
    label: str


@dataclass(frozen=True)
class Chart:
    """One chart, over time if nothing else is said."""

    title: str
    says: str
    """The same in words, for who does not see it."""
    start: datetime | None
    """The time of day of second 0, None where the chart is of something else than time ..."""
    seconds: float
    low: float
    high: float
    begins: float = 0.0
    """... and the second at which the chart begins; it shows `seconds` from there."""
    lines: Sequence[Line] = ()
    bands: Sequence[Sequence[tuple[float, float, float]]] = ()
    """Runs of time, lower and upper edge."""
    rules: Sequence[Rule] = ()
    marks: Sequence[tuple[float, str]] = ()
    """Moments, each with the class of its line."""
    across: Sequence[tuple[float, str]] = ()
    """Labels of the horizontal axis, where it is not of time."""
    unit: str = "%"
    percent: float = 100.0
    """By what values are multiplied to be labelled."""


def chart(what: Chart) -> str:
    """The chart as HTML."""
    end = what.begins + what.seconds
    x, y = Scale(what.begins, end, WIDTH), Scale(what.low, what.high, HEIGHT, flipped=True)
    ticks = value_ticks(what.low, what.high)
    times = time_ticks(what.start, what.begins, what.seconds) if what.start else what.across
    parts = [f'<path class="grid" d="M0 {y(tick)}H{WIDTH}"/>' for tick in ticks]
    parts += [f'<path class="{css}" d="M{x(at)} 0V{HEIGHT}"/>' for at, css in what.marks]
    parts += [_band(run, x, y) for run in what.bands if len(run) > 1]
    parts += [f'<path class="{rule.css}" d="M0 {y(rule.value)}H{WIDTH}"/>' for rule in what.rules]
    parts += [path for line in what.lines for path in _drawn(line, x, y)]
    return "".join(
        (
            '<div class="plot">',
            f'<svg role="img" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" ',
            f'aria-label="{escape(what.title)}. {escape(what.says)}">',
            f"<title>{escape(what.title)}</title><desc>{escape(what.says)}</desc>",
            *parts,
            "</svg>",
            *(_y_label(tick, y, what) for tick in ticks),
            *(
                f'<span class="rl {r.css}" style="top:{y(r.value)}%">{escape(r.label)}</span>'
                for r in what.rules
            ),
            *time_labels(times, x),
            "</div>",
        )
    )


def _y_label(tick: float, y: Scale, what: Chart) -> str:
    text = f"{what.percent * tick:.4g} {what.unit}".strip()
    return f'<span class="yl" style="top:{y(tick)}%">{escape(text)}</span>'


def _rule_label(rule: Rule, y: Scale) -> str:
    return f'<span class="rl {rule.css}" style="top:{y(rule.value)}%">{escape(rule.label)}</span>'


def time_labels(times: Sequence[tuple[float, str]], x: Scale) -> list[str]:
    """The labels of a time axis; every second one is left out where the page is narrow."""
    names = ("xl", "xl more")
    return [
        f'<span class="{names[index % 2]}" style="left:{x(at) * 100 / WIDTH:.2f}%">{text}</span>'
        for index, (at, text) in enumerate(times)
    ]


def _drawn(line: Line, x: Scale, y: Scale) -> Iterable[str]:
    """The runs of a line as one path, and its lonely points as dots: lines of no length with round ends."""
    runs = [[f"{x(at):g} {y(value):g}" for at, value in run] for run in line.runs]
    lines = [f"M{run[0]}L{' '.join(run[1:])}" for run in runs if len(run) > 1]
    dots = [f"M{run[0]}h0" for run in runs if len(run) == 1]
    for css, found in ((line.css, lines), (f"{line.css} dot", dots)):
        if found:
            yield f'<path class="{css}" d="{"".join(found)}"/>'


def _band(run: Sequence[tuple[float, float, float]], x: Scale, y: Scale) -> str:
    up = [f"{x(at):g} {y(high):g}" for at, _, high in run]
    down = [f"{x(at):g} {y(low):g}" for at, low, _ in reversed(run)]
    return f'<path class="band" d="M{"L".join(up)}L{"L".join(down)}Z"/>'


def value_ticks(low: float, high: float, about: int = 3) -> list[float]:
    """Round values in a range."""
    step = nice((high - low) / about)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def nice(value: float) -> float:
    """The nearest round number that is no smaller: 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= value * (1 - 1e-9))


def time_ticks(zero: datetime, begins: float, seconds: float) -> list[tuple[float, str]]:
    """Round times of day within a chart, as seconds since `zero`, with their words."""
    step = next((s for s in TIME_STEPS if seconds / s <= MOST_LABELS), TIME_STEPS[-1])
    zero = zero.astimezone(UTC)
    start = zero + timedelta(seconds=begins)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = math.ceil((start - midnight).total_seconds() / step) * step
    shape = "%H:%M" if step >= 60 else "%H:%M:%S"
    found, at = [], midnight + timedelta(seconds=first)
    while (passed := (at - zero).total_seconds()) <= begins + seconds:
        found.append((passed, at.strftime(shape)))
        at += timedelta(seconds=step)
    return found
