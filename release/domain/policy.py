"""What a stage tolerates from a candidate: the judge's policy, as data.

Every default is explained in docs/judge.md; margins are what the owner of a service may want to change. A
policy that cannot decide is refused on construction, with the reason. Nothing here decides.
"""

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from release.domain.pins import Data

Probability = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Factor = Annotated[float, Field(ge=1, le=100)]
Milliseconds = Annotated[float, Field(ge=0, le=60_000)]
Metric = Literal["errors", "service", "invalid", "latency", "score", "agreement", "loss"]
SEEN_BY_INVOCATIONS: tuple[Metric, ...] = ("service", "latency")
"""What SageMaker's own metrics show of a container that prints no windows."""
SEEN_BY_CAPTURES: tuple[Metric, ...] = ("invalid", "score")
"""What answers show besides that the stage captures."""
INVOCATION_SECONDS = 60.0
"""SageMaker publishes its metrics by the minute."""
SETTLED_SECONDS = 90.0
"""So long after a minute's beginning its sums are taken for complete."""


class RateMargin(Data):
    """Tolerated increase of a rate: FAIL beyond `fail_times` x live's + `fail_plus`; PASS below the
    others."""

    fail_times: Factor = 1.25
    """FAIL beyond live's rate times this, and the next added."""
    fail_plus: Share = 0.0002
    """What is added to that product."""
    pass_times: Factor = 2.0
    """PASS below live's rate times this, and the next added; not below `fail_times`."""
    pass_plus: Share = 0.0025
    """What is added to that product; not below `fail_plus`."""
    pass_at_most_plus: Share = 0.005
    """However high live's own rate, a candidate that adds more than this does not pass."""

    @model_validator(mode="after")
    def _decidable(self) -> "RateMargin":
        if self.fail_times == 1 and self.fail_plus == 0:
            raise ValueError(
                "no margin: equal variants could never pass; set fail_times > 1 or fail_plus > 0"
            )
        if self.pass_times < self.fail_times or self.pass_plus < self.fail_plus:
            raise ValueError("the PASS margin lies inside the FAIL margin: one rate would both pass and fail")
        if self.pass_at_most_plus < self.fail_plus:
            raise ValueError("pass_at_most_plus lies inside fail_plus: nothing could pass")
        return self


class ScaleMargin(Data):
    """Tolerated slow-down, as a factor of live's latency. Rounded to whole 2 % bins."""

    fail: Factor
    """FAIL beyond this factor of live's latency; at least 1.01."""
    passes: Factor
    """PASS below this factor of it; not below `fail`."""

    @model_validator(mode="after")
    def _decidable(self) -> "ScaleMargin":
        if self.fail < 1.01:
            raise ValueError("no margin: a slow-down under half a bin (1 %) cannot be told from none")
        if self.passes < self.fail:
            raise ValueError("the PASS margin lies inside the FAIL margin")
        return self


class ShiftMargin(Data):
    """Tolerated difference of a mean or share, in either direction where that makes sense."""

    fail: Probability
    """FAIL beyond this difference from live's."""
    passes: Probability
    """PASS below this difference; not below `fail`."""

    @model_validator(mode="after")
    def _decidable(self) -> "ShiftMargin":
        if self.passes < self.fail:
            raise ValueError("the PASS margin lies inside the FAIL margin")
        return self


BODY_SHARE, TAIL_SHARE = 0.002, 0.01
"""The shares of a latency objective that nobody can feel, of all requests and of the slowest: 1 and 5 ms of
500 ms."""


class LatencyMargins(Data):
    """Tolerated slow-down of the body of the distribution, of its upper end and of its tail.

    A slow-down is beyond a margin when it is more than the factor *and* more than an amount. A policy that
    does not say an amount gets a share of its endpoint's latency objective (`Policy.for_objective`).
    """

    plus_ms: Milliseconds = 1.0
    """Of the body: a slow-down by less never fails, and is within PASS, whatever share of live's it is."""
    tail_plus_ms: Milliseconds = 5.0
    """The same of p90, p99 and the tail."""
    body: ScaleMargin = ScaleMargin(fail=1.04, passes=1.08)
    p90: ScaleMargin = ScaleMargin(fail=1.17, passes=1.22)
    p99: ScaleMargin = ScaleMargin(fail=1.15, passes=1.5)
    noise: Share = 0.05
    """Standard deviation of the log-ratio of latencies that two equal variants may show (their hosts
    differ)."""
    noise_seconds: Annotated[float, Field(gt=0)] = 300.0
    """How long such a difference lasts."""
    noise_wait_seconds: Annotated[float, Field(gt=0)] = 175.0
    """A slow-down of the body that noise could explain fails only after so much evidence ..."""
    noise_beyond: Factor = 1.082
    """... and if it is beyond this factor, noise taken out, ..."""
    noise_doubt: Probability = 0.14
    """... but for this probability, which falls with the square of the time after."""


class ScoreMargins(Data):
    """Tolerated shift of the score distribution, up or down."""

    share: ShiftMargin = ShiftMargin(fail=0.12, passes=0.17)
    """Of the share of scores above any of live's quantiles."""
    rank: ShiftMargin = ShiftMargin(fail=0.085, passes=0.12)
    """Of the mean rank of a score among live's."""


class Policy(Data):
    """Everything a verdict depends on besides the evidence."""

    alpha: Probability = 0.01
    """Probability of ever failing a candidate that is within every FAIL margin."""
    beta: Probability = 0.01
    """Probability of ever passing a candidate that is beyond a PASS margin."""
    by: Literal["windows", "invocations"] = "windows"
    """What the judge counts: windows, or SageMaker's invocation metrics. A rollout with a container that
    prints no windows sets it by itself."""
    captured: Annotated[int, Field(ge=0, le=100)] = 0
    """By invocations: the percentage of answers that are captured and judged, 0 for none. A rollout sets it
    by itself, from what the live release's endpoint config captures."""
    captured_grace_seconds: Annotated[float, Field(ge=0, le=3600)] = 150.0
    """How long after its end a minute's captured answers are waited for; what comes later is only named."""
    require: tuple[Metric, ...] = ("errors", "invalid", "latency", "score")
    """Metrics that must be proven good before PASS; the others can only fail, where their evidence comes."""
    errors: RateMargin = RateMargin()
    service: RateMargin = RateMargin()
    invalid: RateMargin = RateMargin(fail_plus=0.0005)
    latency: LatencyMargins = LatencyMargins()
    score: ScoreMargins = ScoreMargins()
    agreement: ShiftMargin = ShiftMargin(fail=0.02, passes=0.05)
    """Share of requests seen by both that candidate and live answer differently."""
    loss: ShiftMargin = ShiftMargin(fail=0.01, passes=0.03)
    """Added mean loss (in [0, 1]) on requests whose label has come."""
    block_seconds: Annotated[float, Field(gt=0)] = 5.0
    """Evidence is compared in blocks of this length."""
    memory_seconds: Annotated[float, Field(gt=0)] = 300.0
    """Time constant of what is expected of live: its quantiles and rates."""
    grace_seconds: Annotated[float, Field(ge=0)] = 30.0
    """How long a block waits for a worker that has reported before."""
    settle_seconds: Annotated[float, Field(ge=0)] = 1.0
    """How long after its end a block stays open for parts of it that come apart."""
    clock_seconds: Annotated[float, Field(gt=0)] = 86400.0
    """A window further than this from the rollout has a wrong clock and is set aside."""
    min_requests: Annotated[int, Field(ge=1)] = 300
    """Requests of the candidate before PASS."""
    min_seconds: Annotated[float, Field(ge=0)] = 365.0
    """Time with evidence of both before PASS: what comes and goes by the minute needs time, not requests."""
    fresh_seconds: Annotated[float, Field(gt=0)] = 60.0
    """PASS needs evidence of both that is no older than this."""
    history_requests: Annotated[int, Field(ge=1)] = 300
    """Live's requests before its quantiles are a reference."""

    @model_validator(mode="after")
    def _can_decide(self) -> "Policy":
        if not self.require:
            raise ValueError("require is empty: PASS would need no evidence")
        if self.captured and self.by != "invocations":
            raise ValueError("captured answers are judged by invocations alone: windows count all of them")
        if unseen := set(self.require) - set(self.seen):
            raise ValueError(f"by invocations nobody sees {', '.join(sorted(unseen))}, which require names")
        if self.fresh_seconds < self.block_seconds:
            raise ValueError("fresh_seconds is shorter than a block: no evidence would be fresh")
        return self

    @property
    def seen(self) -> tuple[Metric, ...]:
        """The metrics whose evidence is counted."""
        if self.by == "windows":
            return get_args(Metric)
        return SEEN_BY_INVOCATIONS + (SEEN_BY_CAPTURES if self.captured else ())

    def for_objective(self, latency_ms: float) -> "Policy":
        """This policy for an endpoint whose requests shall be answered within `latency_ms`.

        The least slow-downs that matter follow from that objective; a policy that says its own keeps them.
        """
        derived = {"plus_ms": BODY_SHARE * latency_ms, "tail_plus_ms": TAIL_SHARE * latency_ms}
        own = self.latency.model_fields_set
        update = {name: round(value, 6) for name, value in derived.items() if name not in own}
        return self.model_copy(update={"latency": self.latency.model_copy(update=update)})

    def by_invocations(self, captured: int = 0) -> "Policy":
        """This policy where a container prints no windows: SageMaker's metrics, by the minute.

        Margins, least requests and least time stay; what needs windows is required no more. Where so many
        percent of the answers are `captured`, scores and invalid predictions can fail it; they are required
        where the policy itself says what it requires, and names them.
        """
        named = self.require if captured and "require" in self.model_fields_set else ()
        update = {
            "by": "invocations",
            "captured": captured,
            "require": SEEN_BY_INVOCATIONS + tuple(one for one in SEEN_BY_CAPTURES if one in named),
            "block_seconds": INVOCATION_SECONDS,
            "memory_seconds": max(self.memory_seconds, 15 * INVOCATION_SECONDS),
            # Both variants' minutes come together, one line after the other.
            "grace_seconds": 1.0,
            "settle_seconds": 1.0,
            "fresh_seconds": max(self.fresh_seconds, 4 * INVOCATION_SECONDS),
        }
        return self.model_copy(update=update)
