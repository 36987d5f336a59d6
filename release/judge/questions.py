"""The policy's margins as two-sample questions about cells.

Every question compares the mean of one value in [0, 1] between candidate and live, block by block. The
value is a step function of a request's cell: it rises at `points`. Its null hypothesis is linear:

    side +1 (FAIL):  mean_candidate <= times * mean_live + plus     "within the margin"
    side -1 (PASS):  mean_candidate >= times * mean_live + plus     "beyond the margin"

A margin on latency is a ratio and an amount, so the candidate's points lie `shift` bins above live's, and
`amount` at least: then "no slower than s times live, or than live and so many milliseconds" makes the two
means ordered, whatever the distributions are. Points at quantiles of live's *past* are resolved anew before
each block (`release/judge/table.py`).
"""

import math
from dataclasses import dataclass

from release.domain.policy import Policy, RateMargin, ScaleMargin, ShiftMargin
from release.judge.cells import LATENCY_STEP, LOSS_BINS, PACE_SLOW, PACE_STEP, latency_steps


@dataclass(frozen=True)
class Alternatives:
    """Where bets expect the candidate to be: odds relative to a base, and each one's share of the capital.

    The last share belongs to a bet on the candidate's own past.
    """

    odds: tuple[float, ...]
    prior: tuple[float, ...]


RARE = Alternatives((1.8, 3.5, 8.0, 30.0, 120.0), (0.1, 0.15, 0.2, 0.35, 0.05, 0.15))
"""For events that are rare. The odds are multiples of those at the edge of the FAIL margin."""
HEAVY = Alternatives((2.0, 4.0, 8.0, 25.0, 120.0), (0.1, 0.1, 0.6, 0.1, 0.02, 0.08))
"""For the weight of the tail of latencies; the same multiples."""
SHIFT = Alternatives((1.12, 1.3, 1.7, 3.0, 12.0), (0.35, 0.15, 0.15, 0.05, 0.05, 0.25))
"""For events that are not rare; the same multiples."""
EQUAL = Alternatives((1.0, 0.7, 1.3, 0.4, 0.1), (0.75, 0.05, 0.05, 0.05, 0.02, 0.08))
"""For PASS. The odds are multiples of live's own."""
DECILES = tuple(i / 10 for i in range(1, 10))
"""Quantiles at which a rank is counted."""
TAIL = ((1.0, 0.005), (1.5, 0.02), (2.0, 0.06), (2.5, 0.15), (3.0, 0.4), (4.0, 0.9), (5.5, 1.0))
"""Multiples of live's 99th percentile of latency, and the value of a request beyond each.

The values are roughly the likelihood ratio of a tail that is three times as slow.
"""
EXTREME = 5.0
"""Multiple of the 99th percentile that no request of a healthy service should reach."""
FAR = 1.2
"""A slow-down that no noise between hosts explains: it fails without asking the noise model."""
SCORE_ABOVE, SCORE_BELOW = (0.2, 0.4, 0.6, 0.8, 0.95), (0.05, 0.2, 0.4, 0.6, 0.8)
"""Quantiles of live's scores of which the share above, or at most, may not grow."""
WEIGHTS = {
    "errors": 8.0,
    "service": 1.0,
    "invalid": 4.0,
    "body": 6.0,
    "far": 1.5,
    "p90": 1.0,
    "p99": 0.7,
    "tail": 8.0,
    "extreme": 1.5,
    "score share": 0.3,
    "score rank": 1.5,
    "agreement": 0.5,
    "loss": 0.5,
}
"""How alpha is shared among the FAIL questions, not yet normalised; a larger share decides sooner."""
WEIGHTS_OF_INVOCATIONS = {"service": 8.0, "pace": 6.0, "pace p90": 2.0, "pace p99": 1.0, "slow": 6.0}
"""The same, of the questions about what SageMaker itself counts. Those about captured answers have theirs of
`WEIGHTS`."""
PACE_FAIL, PACE_PASS = 1, 2
"""Thresholds by which a candidate may be slower before it fails, and by which a PASS says it is not."""
PACE_BLOCK = 0.34
"""The most that one minute of latencies brings: two bad minutes of a host are no slow-down, three are."""
PACE_PLUS = 0.02
"""The share of the latency objective by which it may be slower in any case: 10 ms of 500 ms.

Nobody feels it, and of answers within milliseconds the noise of a host is a larger share than a threshold."""
PACE_RARE = 0.005
"""The share of requests, or of their rank, that may be slower than that: where live has none so slow, a dozen
of a hundred thousand would be proof, and a busy host holds up as many in a moment."""
YES = (0.0, 1.0)
"""The values of a request on either side of a single point: no, yes."""
LOSS_LEVELS = 10
"""Steps of the loss that are told apart."""


@dataclass(frozen=True)
class Point:
    """Where a question's value steps: at a quantile of live's past plus `offset` bins, or at a fixed cell.

    Without a quantile, `offset` is the cell, counted from the start of the group.
    """

    quantile: float | None = None
    offset: int = 0


@dataclass(frozen=True)
class Value:
    """What is compared: a step function of a cell of `group`. `values` has one entry more than `points`."""

    metric: str
    group: str
    points: tuple[Point, ...]
    values: tuple[float, ...] = YES
    says: str = ""
    """The value in words."""


@dataclass(frozen=True)
class Question:
    """Is the mean of `value` within (`side` +1) or beyond (-1) the margin `times` x live's + `plus`?"""

    name: str
    value: Value
    side: int
    times: float
    plus: float
    alternatives: Alternatives
    weight: float = 0.0
    """Share of alpha; PASS has no shares, because every one of its questions must be answered."""
    shift: int = 0
    """By how many bins the candidate's points lie above live's: the tolerated slow-down ..."""
    amount: float = 0.0
    """... and by how much at least: in seconds, or in `pace` as a share of the latency objective."""
    most: float = math.inf
    """The most that one block may bring, as a share of what FAIL needs."""

    @property
    def metric(self) -> str:
        """The metric that the question belongs to."""
        return self.value.metric

    @property
    def group(self) -> str:
        """The group of cells that it looks at."""
        return self.value.group

    @property
    def slowed(self) -> float:
        """The factor by which the candidate may be slower, as its points lie above live's."""
        return (PACE_STEP if self.group == "pace" else LATENCY_STEP) ** self.shift

    @property
    def one_sample(self) -> bool:
        """Whether live is not asked: the margin is absolute."""
        return self.times == 0


def questions(policy: Policy) -> tuple[Question, ...]:
    """All questions of a policy; names are unique."""
    invalid = _rate("invalid", "invalid", policy.invalid, "predictions that are not finite")
    if policy.by == "invocations":
        weight = WEIGHTS_OF_INVOCATIONS["service"]
        of_answers = (*invalid, *_score(policy)) if policy.captured else ()
        return (
            *_rate("service", "service", policy.service, "invocations that fail", weight),
            *_pace(),
            *of_answers,
        )
    return (
        *_rate("errors", "clumps", policy.errors, "requests that fail"),
        *_rate("service", "service", policy.service, "invocations that fail"),
        *invalid,
        *_latency(policy),
        *_score(policy),
        *_agreement(policy.agreement),
        *_loss(policy.loss),
    )


def _rate(
    metric: str, group: str, margin: RateMargin, says: str, weight: float | None = None
) -> list[Question]:
    value = Value(metric, group, (Point(offset=1),), YES, says)
    weight = WEIGHTS[metric] if weight is None else weight
    return [
        Question(metric, value, 1, margin.fail_times, margin.fail_plus, RARE, weight),
        Question(f"{metric} ok", value, -1, margin.pass_times, margin.pass_plus, EQUAL),
        Question(f"{metric} capped", value, -1, 1.0, margin.pass_at_most_plus, EQUAL),
    ]


def _latency(policy: Policy) -> list[Question]:
    margins = policy.latency
    plus, tail_plus = margins.plus_ms / 1000, margins.tail_plus_ms / 1000
    body = Value("latency", "latency", tuple(Point(p) for p in DECILES), _ramp(10), "rank of the latency")
    p90 = Value("latency", "latency", (Point(0.9),), YES, "requests above live's p90")
    p99 = Value("latency", "latency", (Point(0.99),), YES, "requests above live's p99")
    points = tuple(Point(0.99, latency_steps(times)) for times, _ in TAIL)
    tail = Value("latency", "latency", points, (0.0, *(value for _, value in TAIL)), "weight of the tail")
    over = (Point(0.99, latency_steps(EXTREME)),)
    extreme = Value("latency", "latency", over, YES, f"requests above {EXTREME:g}x live's p99")
    far = max(FAR, margins.body.fail)
    return [
        *_scale("body", body, margins.body, plus, SHIFT),
        Question("far", body, 1, 1.0, 0.0, SHIFT, WEIGHTS["far"], latency_steps(far), plus),
        *_scale("p90", p90, margins.p90, tail_plus, RARE),
        *_scale("p99", p99, margins.p99, tail_plus, RARE),
        Question(
            "tail", tail, 1, 1.0, 0.0, HEAVY, WEIGHTS["tail"], latency_steps(margins.p99.fail), tail_plus
        ),
        Question("extreme", extreme, 1, 1.25, 0.0005, RARE, WEIGHTS["extreme"], amount=tail_plus),
        Question("extreme ok", extreme, -1, 2.0, 0.003, EQUAL, amount=tail_plus),
    ]


def _scale(
    name: str, value: Value, margin: ScaleMargin, plus: float, alternatives: Alternatives
) -> list[Question]:
    fail, passes = latency_steps(margin.fail), latency_steps(margin.passes)
    return [
        Question(name, value, 1, 1.0, 0.0, alternatives, WEIGHTS[name], fail, plus),
        Question(f"{name} ok", value, -1, 1.0, 0.0, EQUAL, shift=passes, amount=plus),
    ]


def _pace() -> list[Question]:
    """Latency by thresholds that lie a quarter apart, which is all that is known without windows.

    All requests may lie between two thresholds. So FAIL looks from the threshold above a quantile of live's
    on, where live has few requests, and PASS from the one below it, where live has many.
    """
    found = []
    for name, quantiles, alternatives in (
        ("pace", DECILES, SHIFT),
        ("pace p90", (0.9,), RARE),
        ("pace p99", (0.99,), RARE),
    ):
        values = _ramp(len(quantiles) + 1)
        says = "rank of the latency" if len(quantiles) > 1 else f"requests above live's {name[5:]}"
        above = Value("latency", "pace", tuple(Point(p) for p in quantiles), values, says)
        below = Value("latency", "pace", tuple(Point(p, -1) for p in quantiles), values, says)
        weight = WEIGHTS_OF_INVOCATIONS[name]
        found += [
            Question(name, above, 1, 1.0, PACE_RARE, alternatives, weight, PACE_FAIL, PACE_PLUS, PACE_BLOCK),
            Question(f"{name} ok", below, -1, 1.0, 0.0, EQUAL, shift=PACE_PASS, amount=PACE_PLUS),
        ]
    slow = Value("latency", "pace", (Point(offset=PACE_SLOW),), YES, "requests slower than the objective")
    return [
        *found,
        Question("slow", slow, 1, 1.25, 0.0005, RARE, WEIGHTS_OF_INVOCATIONS["slow"], most=PACE_BLOCK),
        Question("slow ok", slow, -1, 2.0, 0.003, EQUAL),
    ]


def _score(policy: Policy) -> list[Question]:
    margins, found = policy.score, []
    for word, quantiles, values in (("above", SCORE_ABOVE, YES), ("below", SCORE_BELOW, YES[::-1])):
        for p in quantiles:
            value = Value("score", "score", (Point(p),), values, f"scores {word} live's q{100 * p:.0f}")
            found += _shift(f"score {word} q{100 * p:.0f}", value, margins.share, "score share")
    ranks = tuple(Point(p) for p in DECILES)
    for word, values in (("higher", _ramp(10)), ("lower", _ramp(10)[::-1])):
        value = Value("score", "score", ranks, values, f"rank of the score, {word} counting more")
        found += _shift(f"score {word}", value, margins.rank, "score rank")
    return found


def _shift(name: str, value: Value, margin: ShiftMargin, weight: str) -> list[Question]:
    return [
        Question(name, value, 1, 1.0, margin.fail, SHIFT, WEIGHTS[weight]),
        Question(f"{name} ok", value, -1, 1.0, margin.passes, EQUAL),
    ]


def _agreement(margin: ShiftMargin) -> list[Question]:
    value = Value("agreement", "agreement", (Point(offset=1),), YES, "requests answered differently")
    return [
        Question("agreement", value, 1, 0.0, margin.fail, RARE, WEIGHTS["agreement"]),
        Question("agreement ok", value, -1, 0.0, margin.passes, EQUAL),
    ]


def _loss(margin: ShiftMargin) -> list[Question]:
    points = tuple(Point(offset=i * LOSS_BINS // LOSS_LEVELS) for i in range(1, LOSS_LEVELS))
    value = Value("loss", "loss", points, _ramp(LOSS_LEVELS), "mean loss")
    return _shift("loss", value, margin, "loss")


def _ramp(levels: int) -> tuple[float, ...]:
    return tuple(i / (levels - 1) for i in range(levels))
