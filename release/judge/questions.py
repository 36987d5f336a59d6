"""The policy's margins as two-sample questions about cells.

Every question compares the mean of one value in [0, 1] between candidate and live, block by block. The value is
a step function of a request's cell: it rises at `points`. Its null hypothesis is linear:

    side +1 (FAIL):  mean_candidate <= times * mean_live + plus     "within the margin"
    side -1 (PASS):  mean_candidate >= times * mean_live + plus     "beyond the margin"

A margin on latency is a ratio, so the candidate's points lie `shift` bins above live's: then "no slower than
s times live" makes the two means ordered, whatever the distributions are. Points at quantiles of live's *past*
are resolved anew before each block (`release/judge/process.py`).
"""

from dataclasses import dataclass

from release.judge.cells import LOSS_BINS, SPANS, latency_steps
from release.judge.policy import Policy, RateMargin, ScaleMargin, ShiftMargin

RATE_ODDS = (1.8, 3.5, 8.0, 25.0, 120.0)
"""Alternatives of a rare event: the odds of the null's boundary times these."""
SHIFT_ODDS = (1.12, 1.3, 1.7, 3.0, 12.0)
"""Alternatives of an event that is not rare."""
EQUAL_ODDS = (1.0, 0.7, 1.3, 0.4, 0.1)
"""Alternatives of PASS: the odds of live times these."""
DECILES = tuple(i / 10 for i in range(1, 10))
TAIL = ((1.0, 0.02), (1.5, 0.06), (2.0, 0.15), (2.5, 0.3), (3.0, 0.6), (4.0, 1.0))
"""Multiples of the 99th percentile and the value beyond each: roughly the likelihood ratio of a tail of 3x."""
SCORE_ABOVE, SCORE_BELOW = (0.2, 0.4, 0.6, 0.8, 0.95), (0.05, 0.2, 0.4, 0.6, 0.8)
"""Quantiles of live's scores of which the share above, or at most, may not grow."""


@dataclass(frozen=True)
class Point:
    """Where a question's value rises: at a quantile of live's past plus `offset` bins, or at a fixed cell."""

    quantile: float | None = None
    offset: int = 0


@dataclass(frozen=True)
class Question:
    """One question of the judge; see the module's docstring. `values` has one entry more than `points`."""

    name: str
    metric: str
    side: int
    group: str
    points: tuple[Point, ...]
    values: tuple[float, ...]
    times: float
    plus: float
    odds: tuple[float, ...]
    weight: float
    """Share of alpha, before the shares are normalised; PASS has no shares: every question must be answered."""
    shift: int = 0
    """Bins that the candidate's points lie above live's."""
    says: str = ""
    """The value in words."""

    @property
    def one_sample(self) -> bool:
        """Whether live is not asked: the margin is absolute."""
        return self.times == 0


def questions(policy: Policy) -> tuple[Question, ...]:
    """All questions of a policy; names are unique."""
    found = [
        *_rate("errors", "clumps", policy.errors, 8.0, "requests that fail"),
        *_rate("service", "service", policy.service, 2.0, "invocations that fail"),
        *_rate("invalid", "invalid", policy.invalid, 2.0, "predictions that are not finite"),
        *_latency(policy),
        *_score(policy),
        *_shift("agreement", "agreement", (Point(offset=1),), (0.0, 1.0), policy.agreement, 0.0, 0.5),
        *_shift("loss", "loss", _steps(LOSS_BINS), _ramp(LOSS_BINS), policy.loss, 1.0, 0.5),
    ]
    return tuple(found)


def _rate(metric: str, group: str, margin: RateMargin, weight: float, says: str) -> list[Question]:
    at = {"metric": metric, "group": group, "points": (Point(offset=1),), "values": (0.0, 1.0), "says": says}
    good = {"side": -1, "odds": EQUAL_ODDS, "weight": 0.0}
    assert SPANS[group].size == 2
    return [
        Question(
            name=metric,
            side=1,
            times=margin.fail_times,
            plus=margin.fail_plus,
            odds=RATE_ODDS,
            weight=weight,
            **at,
        ),
        Question(name=f"{metric} ok", times=margin.pass_times, plus=margin.pass_plus, **good, **at),
        Question(name=f"{metric} capped", times=1.0, plus=margin.pass_at_most_plus, **good, **at),
    ]


def _latency(policy: Policy) -> list[Question]:
    margins = policy.latency
    body = [Point(p) for p in DECILES]
    far = ScaleMargin(fail=max(1.2, margins.body.fail), passes=max(1.2, margins.body.passes))
    tail = [Point(0.99, latency_steps(times)) for times, _ in TAIL]
    values = (0.0, *(value for _, value in TAIL))
    extreme = [Point(0.99, latency_steps(5.0))]
    found = [
        *_scale("body", body, _ramp(10), margins.body, SHIFT_ODDS, 2.0, "rank of the latency"),
        _scale("far", body, _ramp(10), far, SHIFT_ODDS, 1.0, "rank of the latency")[0],
        *_scale("p90", [Point(0.9)], (0.0, 1.0), margins.p90, RATE_ODDS, 0.7, "requests above live's p90"),
        *_scale("p99", [Point(0.99)], (0.0, 1.0), margins.p99, RATE_ODDS, 0.7, "requests above live's p99"),
        _scale("tail", tail, values, margins.p99, RATE_ODDS, 5.0, "weight of the tail")[0],
    ]
    above = {"metric": "latency", "group": "latency", "points": tuple(extreme), "values": (0.0, 1.0)}
    says = "requests above 5x live's p99"
    found.append(
        Question("extreme", side=1, times=1.25, plus=0.0005, odds=RATE_ODDS, weight=3.0, says=says, **above)
    )
    found.append(
        Question(
            "extreme ok", side=-1, times=2.0, plus=0.003, odds=EQUAL_ODDS, weight=0.0, says=says, **above
        )
    )
    return found


def _scale(
    name: str,
    points: list[Point],
    values: tuple[float, ...],
    margin: ScaleMargin,
    odds: tuple[float, ...],
    weight: float,
    says: str,
) -> list[Question]:
    at = {"metric": "latency", "group": "latency", "points": tuple(points), "values": values, "says": says}
    at |= {"times": 1.0, "plus": 0.0}
    return [
        Question(name, side=1, odds=odds, weight=weight, shift=latency_steps(margin.fail), **at),
        Question(
            f"{name} ok", side=-1, odds=EQUAL_ODDS, weight=0.0, shift=latency_steps(margin.passes), **at
        ),
    ]


def _score(policy: Policy) -> list[Question]:
    margins = policy.score
    found = []
    for word, quantiles, values in (("above", SCORE_ABOVE, (0.0, 1.0)), ("below", SCORE_BELOW, (1.0, 0.0))):
        for p in quantiles:
            name = f"score {word} q{round(100 * p)}"
            found += _shift(name, "score", (Point(p),), values, margins.share, 1.0, 0.3)
    ranks = tuple(Point(p) for p in DECILES)
    found += _shift("score higher", "score", ranks, _ramp(10), margins.rank, 1.0, 2.0)
    found += _shift("score lower", "score", ranks, _ramp(10)[::-1], margins.rank, 1.0, 2.0)
    return found


def _shift(
    name: str,
    group: str,
    points: tuple[Point, ...],
    values: tuple[float, ...],
    margin: ShiftMargin,
    times: float,
    weight: float,
) -> list[Question]:
    at = {"metric": group, "group": group, "points": points, "values": values, "times": times}
    odds, equal = (RATE_ODDS, EQUAL_ODDS) if group == "agreement" else (SHIFT_ODDS, EQUAL_ODDS)
    return [
        Question(name, side=1, plus=margin.fail, odds=odds, weight=weight, **at),
        Question(f"{name} ok", side=-1, plus=margin.passes, odds=equal, weight=0.0, **at),
    ]


def _ramp(levels: int) -> tuple[float, ...]:
    return tuple(i / (levels - 1) for i in range(levels))


def _steps(bins: int) -> tuple[Point, ...]:
    return tuple(Point(offset=i) for i in range(1, bins))
