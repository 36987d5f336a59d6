"""How many exposures an experiment needs, by the very test that will be applied. Pure.

There is no closed form for a test that may be looked at at any time, so the test itself is run on drawn
outcomes: the same seed, so the same question has the same answer.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from monitoring.experiments.evidence import Block, Effect, Evidence

RUNS = 400
"""Drawn experiments; the median is then sure to some 4 %."""
LOOKS = 400
"""Looks in each, until it is given up ..."""
FURTHEST = 6.0
"""... at so many times what a test with one look at its end needs."""
SEED = 20_111_806


@dataclass(frozen=True)
class Design:
    """What an experiment is to find, and with which errors."""

    base: float
    """Live's rate of the outcome."""
    minimum: float
    """The least difference of the rates that matters, as a share: .02 is two points."""
    alpha: float = 0.05
    """How likely two equal releases are ever told apart, however often anybody looks."""
    power: float = 0.8
    """How likely the least difference is found by `exposures`."""
    percent: int = 50
    """The candidate's share of the keys."""

    @property
    def effect(self) -> Effect:
        """What the evidence bets on."""
        return Effect(self.base, self.minimum)


@dataclass(frozen=True)
class Plan:
    """Exposures of both variants together; infinite where they would be more than anybody waits for."""

    median: float
    """Half of all experiments whose candidate is better by the least difference have found it by then."""
    exposures: float
    """So many of them as the design's power says have found it by then."""
    one_look: float
    """What a test needs that is looked at once, at its end, for the same power; for comparison."""

    def days(self, a_day: float, within_hours: float) -> float:
        """Days until `exposures` keys came, at so many new ones a day, and their outcomes can be known."""
        return self.exposures / a_day + within_hours / 24


def plan(design: Design) -> Plan:
    """The exposures that a design needs."""
    fixed = one_look(design)
    found = _found(design, fixed * FURTHEST / LOOKS) * fixed * FURTHEST / LOOKS
    ordered = np.sort(found)
    at = min(math.ceil(design.power * RUNS), RUNS) - 1
    return Plan(float(ordered[RUNS // 2 - 1]), float(ordered[at]), fixed)


def one_look(design: Design) -> float:
    """Exposures of both variants for a two-sided z-test of two rates with one look."""
    share, normal = design.percent / 100, NormalDist()
    low, high = design.base, design.base + design.minimum
    spread = high * (1 - high) / share + low * (1 - low) / (1 - share)
    quantiles = normal.inv_cdf(1 - design.alpha / 2) + normal.inv_cdf(design.power)
    return quantiles**2 * spread / design.minimum**2


def _found(design: Design, exposures: float) -> np.ndarray:
    """The look at which each drawn experiment found it; `exposures` come between two looks."""
    drawn = np.random.default_rng(SEED)
    ones = np.ones(RUNS)
    evidence = Evidence(np.zeros(RUNS), ones, design.effect)
    found = np.full(RUNS, np.inf)
    needed = math.log(2 / design.alpha)
    for look in range(1, LOOKS + 1):
        total = drawn.poisson(exposures, RUNS)
        candidate = drawn.binomial(total, design.percent / 100)
        yes = drawn.binomial(candidate, design.base + design.minimum)
        live_yes = drawn.binomial(total - candidate, design.base)
        columns = (candidate, yes, total - candidate, live_yes)
        evidence.add(Block(*(column.astype(float) for column in columns)))
        found = np.where((evidence.most >= needed) & np.isinf(found), look, found)
        if np.isfinite(found).all():
            break
    return found
