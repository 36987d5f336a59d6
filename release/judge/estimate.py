"""An estimate of how long a verdict will take at some traffic and weight, before a rollout starts.

Evidence grows by a known rate per request (`release/judge/growth.py`), so the time to a threshold is the
threshold over that rate: what a median run needs, not a bound. Latency and score are taken as log-normal and
logistic-normal around live's; `make bench-judge` shows how near this is.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from release.domain.errors import UsageError
from release.domain.policy import SEEN_BY_CAPTURES, Policy
from release.judge.cells import LATENCY_STEP, PACE_STEP
from release.judge.growth import per_request
from release.judge.process import INVESTED
from release.judge.questions import DECILES, FAR, Question, questions

NORMAL = NormalDist()
SCORES = {"score above q40 ok": 0.6, "score below q60 ok": 0.6, "score above q60 ok": 0.4}
"""Those questions about an equal candidate's scores that need most, and its mean."""
RANK_SPREAD = 0.35
"""Variance of a mean rank over ten levels as a share of mean (1 - mean)."""


@dataclass(frozen=True)
class Assumptions:
    """The traffic that an estimate is for."""

    rate: float
    """Requests per second of both variants together."""
    weight: float
    """The candidate's share, in (0, 1)."""
    errors: float = 0.001
    """Live's error rate."""
    latency_sd: float = 0.45
    """Standard deviation of the log of latencies."""
    latency: float = 0.07
    """Live's median latency, seconds."""


@dataclass(frozen=True)
class Line:
    """What one kind of candidate needs until its verdict; infinite where that verdict never comes."""

    what: str
    verdict: str
    requests: float
    """Of the candidate."""
    seconds: float

    def words(self) -> tuple[str, str, str, str]:
        """What it says, for people."""
        return self.what, self.verdict, _amount(self.requests), _amount(self.seconds)

    def record(self) -> dict[str, str | float | None]:
        """As JSON data; None stands for never."""
        amounts = {"requests": self.requests, "seconds": self.seconds}
        known = {key: value if math.isfinite(value) else None for key, value in amounts.items()}
        return {"what": self.what, "verdict": self.verdict, **known}


def estimate(policy: Policy, given: Assumptions) -> list[Line]:
    """Requests and seconds to PASS an equal candidate and to FAIL some bad ones.

    Raises UsageError for traffic that cannot be.
    """
    if not (
        0 < given.weight < 1
        and 0 < given.rate < math.inf
        and 0 <= given.errors < 0.5
        and 0 < given.latency < math.inf
    ):
        raise UsageError(
            "An estimate needs a rate and a latency above 0, a weight from 0 to 100 %, errors up to 50 %.",
            "Nothing was computed.",
            "For example: ./slipway judge estimate --rate 50 --weight 25 --errors 0.1",
        )
    asked = {q.name: q for q in questions(policy)}
    if policy.by == "invocations":
        return _by_invocations(policy, asked, given)
    lines = [_passes(policy, asked, given)]
    for times in (5, 10, 50):
        rate = min(times * given.errors if given.errors else times * 1e-3, 1.0)
        what = f"errors {100 * given.errors:g} % -> {100 * rate:g} %"
        lines.append(_fails(what, policy, asked["errors"], rate, given.errors, given))
    for slower in (1.1, 1.5):
        mean = _rank(math.log(slower) - _tolerated(asked["body"], given.latency), given.latency_sd)
        least = policy.latency.noise_wait_seconds if slower < FAR else 0.0
        what = f"all latencies +{100 * (slower - 1):.0f} %"
        lines.append(_fails(what, policy, asked["body"], mean, 0.5, given, least))
    extreme = asked["extreme"]
    lines.append(_fails("1 request of 70 at 100x", policy, extreme, 1 / 70, 1e-5, given))
    return lines + _of_answers(policy, asked, given)


def _by_invocations(policy: Policy, asked: dict[str, Question], given: Assumptions) -> list[Line]:
    """The same for a policy that counts invocations: an equal candidate, and errors."""
    slow = 1 - NORMAL.cdf(NORMAL.inv_cdf(0.99) + 2 * math.log(PACE_STEP) / given.latency_sd)
    rates = {
        "service ok": (given.errors, given.errors),
        "service capped": (given.errors, given.errors),
        "slow ok": (1e-5, 1e-5),
        "pace p99 ok": (slow, 0.01),
    }
    if "score" in policy.require:
        rates |= {name: (mean, mean) for name, mean in SCORES.items()}
    if "invalid" in policy.require:
        rates |= {"invalid ok": (1e-5, 1e-5), "invalid capped": (1e-5, 1e-5)}
    lines = [_equal(policy, asked, given, rates)]
    for times in (5, 10, 50):
        rate = min(times * given.errors if given.errors else times * 1e-3, 1.0)
        what = f"errors {100 * given.errors:g} % -> {100 * rate:g} %"
        lines.append(_fails(what, policy, asked["service"], rate, given.errors, given))
    return lines + (_of_answers(policy, asked, given) if policy.captured else [])


def _of_answers(policy: Policy, asked: dict[str, Question], given: Assumptions) -> list[Line]:
    """What only answers show."""
    shifted = _rank(0.56, 1.0)
    return [
        _fails("score shift, PSI .3", policy, asked["score higher"], shifted, 0.5, given),
        _fails("2 % NaN", policy, asked["invalid"], 0.02, 1e-5, given),
    ]


def _shown(policy: Policy, question: Question) -> float:
    """The share of the requests that a question is asked of: of captured answers a sample."""
    return policy.captured / 100 if policy.captured and question.metric in SEEN_BY_CAPTURES else 1.0


def _tolerated(question: Question, latency: float) -> float:
    """The log of the slow-down that a question's null hypothesis tolerates at some latency."""
    return max(question.shift * math.log(LATENCY_STEP), math.log1p(question.amount / latency))


def _rank(shift: float, sd: float) -> float:
    """Mean over live's deciles of the share of a normal, shifted, that lies above them."""
    return sum(1 - NORMAL.cdf(NORMAL.inv_cdf(p) - shift / sd) for p in DECILES) / len(DECILES)


def _fails(
    what: str,
    policy: Policy,
    question: Question,
    bad: float,
    live: float,
    given: Assumptions,
    least: float = 0.0,
) -> Line:
    shares = sum(q.weight for q in questions(policy))
    nats = math.log(shares / question.weight / policy.alpha / INVESTED) + math.log(3)
    spread = 1.0 if len(question.value.values) == 2 else RANK_SPREAD
    growth = per_request(question, bad, live, 1 / given.weight - 1, spread) * _shown(policy, question)
    return _line(what, "FAIL", nats / growth if growth > 0 else math.inf, least, policy, given)


def _passes(policy: Policy, asked: dict[str, Question], given: Assumptions) -> Line:
    high = NORMAL.inv_cdf(0.99)
    slower = _tolerated(asked["p99 ok"], given.latency * math.exp(high * given.latency_sd))
    tail = 1 - NORMAL.cdf(high + slower / given.latency_sd)
    rates = {
        "errors ok": (given.errors, given.errors),
        "errors capped": (given.errors, given.errors),
        "invalid ok": (1e-5, 1e-5),
        "extreme ok": (1e-5, 1e-5),
        "p99 ok": (tail, 0.01),
    }
    return _equal(policy, asked, given, rates)


def _equal(
    policy: Policy, asked: dict[str, Question], given: Assumptions, rates: Mapping[str, tuple[float, float]]
) -> Line:
    """What an equal candidate needs, whose mean and live's are these in the questions that take longest."""
    nats = math.log(1 / policy.beta) + math.log(2)
    ratio = 1 / given.weight - 1
    growths = [
        per_request(asked[name], c, b, ratio) * _shown(policy, asked[name]) for name, (c, b) in rates.items()
    ]
    requests = max(nats / growth if growth > 0 else math.inf for growth in growths)
    if forgets(policy, given):
        requests = math.inf
    return _line(
        "an equal candidate", "PASS", max(requests, policy.min_requests), policy.min_seconds, policy, given
    )


def remembered(policy: Policy, given: Assumptions) -> float:
    """How many of live's requests its quantiles rest on, once as many are forgotten as come.

    Those of required scores, where answers are captured: they are fewer.
    """
    kept = math.exp(-policy.block_seconds / policy.memory_seconds)
    shown = policy.captured / 100 if policy.captured and "score" in policy.require else 1.0
    return shown * given.rate * (1 - given.weight) * policy.block_seconds / (1 - kept)


def forgets(policy: Policy, given: Assumptions) -> bool:
    """Whether latencies and scores are required, and live has too little traffic to compare them with."""
    compared = {"latency", "score"} & set(policy.require)
    return bool(compared) and remembered(policy, given) < policy.history_requests


def _amount(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "never"


def _line(what: str, verdict: str, requests: float, least: float, policy: Policy, given: Assumptions) -> Line:
    blocks = requests / (given.rate * given.weight) / policy.block_seconds
    seconds = math.ceil(blocks) * policy.block_seconds if math.isfinite(blocks) else math.inf
    return Line(
        what, verdict, math.ceil(requests) if math.isfinite(requests) else math.inf, max(seconds, least)
    )
