"""From counted hours to what an experiment shows: a lift with bounds that hold at every look. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from monitoring.experiments import shares
from monitoring.experiments.evidence import Block, Evidence
from monitoring.experiments.joining import Hour, Joined, Troubles
from monitoring.experiments.planner import Design
from monitoring.experiments.shares import Shares

Shows = Literal["better", "worse", "undecided", "void"]
"""Of the candidate beside live; void where the variants did not get their shares."""

STEPS = 120
"""The bounds are looked for at so many lifts on each side of 0 ..."""
FURTHEST = 10.0
"""... up to so many times the least difference that matters."""


@dataclass(frozen=True)
class Result:
    """What is known of an experiment at one moment."""

    shows: Shows
    lift: float
    """The difference of the rates, candidate less live, as it was seen."""
    low: float
    """With a probability of 1 - alpha the true one was never outside of low and high, at any look."""
    high: float
    exposed: tuple[int, int]
    """(candidate, live) keys whose outcomes' time has passed ..."""
    yes: tuple[int, int]
    """... and how many of them had the outcome."""
    waits: int
    """Keys whose outcome may still come."""
    evidence: float
    """Log evidence that there is a difference; it is enough at log(2 / alpha)."""
    needed: float
    looks: int
    shares: Shares
    troubles: Troubles

    @property
    def rates(self) -> tuple[float, float]:
        """(candidate, live) shares with the outcome."""
        (c, b), (c_yes, b_yes) = self.exposed, self.yes
        return c_yes / c if c else 0.0, b_yes / b if b else 0.0


def result(design: Design, joined: Joined) -> Result:
    """What the hours show that are final, up to the first one that is not."""
    hours = joined.hours
    final = _until_open(hours)
    lifts = np.linspace(-1, 1, 2 * STEPS + 1) * min(FURTHEST * design.minimum, 0.999)
    rows = len(lifts)
    evidence = Evidence(np.tile(lifts, 2), np.repeat([1.0, -1.0], rows), design.effect)
    for hour in final:
        columns = (hour.exposed[0], hour.yes[0], hour.exposed[1], hour.yes[1])
        evidence.add(Block(*(np.full(2 * rows, float(column)) for column in columns)))
    needed = math.log(2 / design.alpha)
    above, below = evidence.most[:rows], evidence.most[rows:]
    low = float(lifts[above >= needed].max(initial=-1.0))
    high = float(lifts[below >= needed].min(initial=1.0))
    exposed = _sum([hour.exposed for hour in final])
    yes = _sum([hour.yes for hour in final])
    checked = shares.shares([hour.exposed for hour in hours if hour.whole], design.percent)
    return Result(
        shows=_shows(checked, float(above[STEPS]), float(below[STEPS]), needed),
        lift=_rate(yes[0], exposed[0]) - _rate(yes[1], exposed[1]),
        low=low,
        high=high,
        exposed=exposed,
        yes=yes,
        waits=sum(sum(hour.exposed) for hour in hours[len(final) :]),
        evidence=float(max(above[STEPS], below[STEPS])),
        needed=needed,
        looks=len(final),
        shares=checked,
        troubles=joined.troubles,
    )


def _shows(checked: Shares, above: float, below: float, needed: float) -> Shows:
    if checked.wrong:
        return "void"
    if max(above, below) < needed:
        return "undecided"
    return "better" if above >= below else "worse"


def _until_open(hours: Sequence[Hour]) -> Sequence[Hour]:
    count = next((n for n, hour in enumerate(hours) if not hour.final), len(hours))
    return hours[:count]


def _sum(pairs: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)


def _rate(yes: int, exposed: int) -> float:
    return yes / exposed if exposed else 0.0
