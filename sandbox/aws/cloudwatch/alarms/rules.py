"""Which state an alarm's datapoints call for: M out of N, and the four treatments of missing data. Pure.

Source: "Configuring how CloudWatch alarms treat missing data", with its tables. CloudWatch looks at a few
more periods than the alarm asks for, so that a real but older datapoint is used before a missing one is
replaced.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OK = "OK"
ALARM = "ALARM"
INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
STATES = (OK, ALARM, INSUFFICIENT_DATA)

TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")

EXTRA_PERIODS = 2
"""By how many periods the evaluation range is longer; the documentation's example has 3 and 5."""

COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
"""Each operator's test of (value, threshold), and its words."""


@dataclass(frozen=True)
class Rule:
    """The condition under which an alarm is in ALARM."""

    comparison: str
    threshold: float
    periods: int
    """N: EvaluationPeriods."""
    datapoints: int
    """M: DatapointsToAlarm."""
    missing: str = "missing"
    """One of TREATMENTS."""

    @property
    def range(self) -> int:
        """Periods that are looked at."""
        return self.periods + EXTRA_PERIODS

    def breached(self, value: float) -> bool:
        """Whether one value is outside of the threshold."""
        return COMPARISONS[self.comparison][0](value, self.threshold)


def decide(rule: Rule, points: Sequence[float | None]) -> str | None:
    """The state that datapoints call for, or None for the one that the alarm has.

    `points` holds the evaluation range, oldest first; None is a missing datapoint.
    """
    breaches = [None if value is None else rule.breached(value) for value in points]
    real = [breach for breach in breaches if breach is not None]
    if len(real) >= rule.periods:
        return ALARM if sum(real[-rule.periods :]) >= rule.datapoints else OK
    if rule.missing == "breaching":
        return ALARM if sum(real) + rule.periods - len(real) >= rule.datapoints else OK
    if sum(real) >= rule.datapoints:
        return ALARM
    if rule.missing == "notBreaching" or not all(real):
        return OK
    if rule.missing == "ignore":
        return None
    if not real:
        return INSUFFICIENT_DATA
    # Only breaching ones, too few: ALARM once the oldest is M periods back, and no sooner.
    oldest = len(breaches) - breaches.index(True)
    return ALARM if oldest >= rule.datapoints else None


def is_low_sample(percentile: float, samples: float) -> bool:
    """Whether `samples` values are too few for a percentile (0 to 1) to mean something."""
    if percentile >= 1 or percentile <= 0:
        return False
    return samples < 10 / (1 - percentile if percentile >= 0.5 else percentile)


def reason(rule: Rule, state: str, points: Sequence[tuple[str, float | None]]) -> str:
    """StateReason in CloudWatch's words.

    `points` holds what was evaluated, oldest first: the start of each period as text, and its value.
    """
    window = points[-rule.periods :]
    real = [(at, value) for at, value in points if value is not None][-rule.periods :]
    missing = rule.periods - len(real)
    words = COMPARISONS[rule.comparison][1]
    if not real and rule.missing in ("breaching", "notBreaching"):
        treated = "Breaching" if rule.missing == "breaching" else "NonBreaching"
        return (
            f"Threshold Crossed: no datapoints were received for {_count(len(window), 'period')} and "
            f"{_count(len(window), 'missing datapoint')} {_was(len(window))} treated as [{treated}]."
        )
    if not real:
        return f"Insufficient Data: {_count(len(window), 'datapoint')} {_was(len(window))} unknown."
    shown = ", ".join(f"{value} ({at})" for at, value in reversed(real))
    if state == ALARM:
        bad = [(at, value) for at, value in reversed(real) if rule.breached(value)] or list(reversed(real))
        shown = ", ".join(f"{value} ({at})" for at, value in bad)
        text = (
            f"Threshold Crossed: {len(bad)} out of the last {len(window)} datapoints [{shown}] "
            f"{_was(len(bad))} {words} the threshold ({rule.threshold}) (minimum "
            f"{_count(rule.datapoints, 'datapoint')} for OK -> ALARM transition)."
        )
    else:
        text = (
            f"Threshold Crossed: {_count(len(real), 'datapoint')} [{shown}] {_was(len(real))} not {words} "
            f"the threshold ({rule.threshold})."
        )
    if missing > 0 and rule.missing in ("breaching", "notBreaching"):
        treated = "Breaching" if rule.missing == "breaching" else "NonBreaching"
        text += f" {_count(missing, 'missing datapoint')} {_was(missing)} treated as [{treated}]."
    return text


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
