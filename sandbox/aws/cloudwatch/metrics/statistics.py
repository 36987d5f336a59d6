"""CloudWatch's statistics by name: from `Sum` and `p99.9` to `TM(2%:98%)`. Pure.

Sources: "CloudWatch statistics definitions". `tm99` is `TM(:99%)`; `TM(10:20)` bounds values instead of
shares; IQM is `TM(25%:75%)`. Also winsorized mean (wm), trimmed count (tc), trimmed sum (ts) and percentile
rank (PR).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.aws.cloudwatch.metrics.distributions import Distribution

SIMPLE: dict[str, Callable[[Distribution], float]] = {
    "SampleCount": lambda d: d.count,
    "Sum": lambda d: d.total,
    "Average": lambda d: d.total / d.count,
    "Minimum": lambda d: d.least,
    "Maximum": lambda d: d.most,
}
"""The statistics that every distribution has."""

_NUMBER = r"\d{1,2}(?:\.\d{1,10})?|100"
_SHORT = re.compile(rf"(?P<kind>p|tm|wm|tc|ts)(?P<upper>{_NUMBER})", re.IGNORECASE)
_LONG = re.compile(r"(?P<kind>TM|WM|TC|TS|PR)\((?P<lower>[^:()]*):(?P<upper>[^:()]*)\)", re.IGNORECASE)
_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")


class BadStatistic(ValueError):
    """A statistic that CloudWatch does not have."""


@dataclass(frozen=True)
class Statistic:
    """A parsed statistic: `kind` is a name of SIMPLE, or p, tm, wm, tc, ts, pr.

    Bounds are shares (0 to 1) or, when `absolute`, values.
    """

    name: str
    kind: str
    lower: float = 0.0
    upper: float = 1.0
    absolute: bool = False

    @property
    def percentile(self) -> float | None:
        """The share of a percentile (0.99 for p99), None for every other statistic."""
        return self.upper if self.kind == "p" else None

    def of(self, distribution: Distribution) -> float | None:
        """The statistic's value, or None when the distribution cannot tell."""
        if not distribution.count:
            return None
        simple = SIMPLE.get(self.kind)
        if simple is not None:
            return simple(distribution)
        if distribution.values is None:
            return None
        values = sorted(distribution.values.items())
        if self.kind == "p":
            found = percentile(values, distribution.count, self.upper)
            return min(max(found, distribution.least), distribution.most)
        return self._trimmed(values, distribution.count)

    def _trimmed(self, values: list[tuple[float, float]], total: float) -> float | None:
        kept = self._kept(values, total)
        count = sum(share for _, share in kept)
        if self.kind == "tc":
            return count
        if self.kind == "pr":
            return 100 * count / total
        weighed = sum(value * share for value, share in kept)
        if self.kind == "ts":
            return weighed
        if not count:
            return None
        if self.kind == "wm":
            below = sum(share for value, share in values if value < kept[0][0])
            low, high = kept[0], kept[-1]
            return (weighed + low[0] * below + high[0] * (total - count - below)) / total
        return weighed / count

    def _kept(self, values: list[tuple[float, float]], total: float) -> list[tuple[float, float]]:
        if self.absolute:
            return [(v, n) for v, n in values if self.lower < v <= self.upper]
        low, high = self.lower * total, self.upper * total
        kept, seen = [], 0.0
        for value, number in values:
            share = min(seen + number, high) - max(seen, low)
            if share > 1e-9:
                kept.append((value, share))
            seen += number
        return kept


def parse(name: str) -> Statistic:
    """A statistic from its name. Raises BadStatistic."""
    if name in SIMPLE:
        return Statistic(name, name)
    if name.upper() == "IQM":
        return Statistic(name, "tm", 0.25, 0.75)
    if match := _SHORT.fullmatch(name):
        return Statistic(name, match["kind"].lower(), 0.0, float(match["upper"]) / 100)
    if match := _LONG.fullmatch(name):
        return _long(name, match["kind"].lower(), match["lower"].strip(), match["upper"].strip())
    raise BadStatistic(f"The value {name} for parameter Stat is not supported.")


def percentile(values: list[tuple[float, float]], total: float, share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie.

    `values` is sorted, with counts that add up to `total`; between two neighbours it is interpolated.
    """
    position = share * (total - 1)
    seen, before = 0.0, values[0][0]
    for value, number in values:
        if position < seen:  # between the last of `before` and the first of `value`
            return before + (value - before) * (position - (seen - 1))
        seen += number
        if position <= seen - 1:
            return value
        before = value
    return before


def _long(name: str, kind: str, lower: str, upper: str) -> Statistic:
    shares = [_SHARE.fullmatch(bound) for bound in (lower, upper)]
    if not lower and not upper:
        raise BadStatistic(f"The value {name} for parameter Stat is not supported.")
    try:
        if any(shares):
            low = float(shares[0][1]) / 100 if shares[0] else _only_empty(lower, 0.0)
            high = float(shares[1][1]) / 100 if shares[1] else _only_empty(upper, 1.0)
            if kind == "pr" or not 0 <= low < high <= 1:
                raise ValueError
            return Statistic(name, kind, low, high)
        low = float(lower) if lower else float("-inf")
        high = float(upper) if upper else float("inf")
        if not low < high:
            raise ValueError
        return Statistic(name, kind, low, high, absolute=True)
    except ValueError:
        raise BadStatistic(f"The value {name} for parameter Stat is not supported.") from None


def _only_empty(bound: str, default: float) -> float:
    if bound:
        raise ValueError
    return default
