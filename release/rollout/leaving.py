"""When a step of a rollout may be left: from the verdict, the time, and what people say.

Pure. FAIL and an abort end it at any moment. A step that is to be left needs PASS, its least time, nobody who
holds it, and, where more traffic follows, the stage's hours.
"""

from dataclasses import dataclass

from release.domain.orders import Order
from release.judge.verdict import Decision, Verdict
from release.rollout.strategies.step import Step, Watch

FIRST_EVIDENCE = 30.0
"""Seconds after which the first windows of a step should have come."""


@dataclass(frozen=True)
class Moment:
    """What is known of a step at one moment."""

    verdict: Verdict
    seconds: float
    """How long the step has stood."""
    counted: float
    """The same without the time in which a person or the stage's hours held it, or nobody was at work."""
    trouble: str = ""
    """Why evidence could not be read or kept just now."""
    order: Order | None = None
    open: bool = True
    """Whether the stage's hours allow the next step now."""


@dataclass(frozen=True)
class Stay:
    """Go on watching; `reason` says what for. `paused` time does not count towards the step's most."""

    reason: str
    paused: bool = False


CLOSED = Stay("waiting for the stage's rollout hours", paused=True)


@dataclass(frozen=True)
class Leave:
    """The step is done."""


@dataclass(frozen=True)
class TakeBack:
    """The release is taken back, for this reason."""

    reason: str


def begins(step: Step, order: Order | None, now_open: bool) -> Stay | Leave | TakeBack:
    """Whether the traffic of `step` may move now (Leave).

    What is watched waits while a person holds the rollout, and for more traffic outside the stage's hours.
    """
    if order is not None and order.wish == "abort":
        return TakeBack(str(order))
    if step.watch is None:
        return Leave()
    if order is not None and order.wish == "hold":
        return _held(order)
    return Leave() if now_open or not step.share else CLOSED


def leaves(watch: Watch, moment: Moment) -> Stay | Leave | TakeBack:
    """What becomes of a step at this moment."""
    verdict, order = moment.verdict, moment.order
    who = "the judge says" if watch.beside else "under the stage's limits:"
    if order is not None and order.wish == "abort":
        return TakeBack(str(order))
    if verdict.decision is Decision.FAIL:
        return TakeBack(f"{who} FAIL: {verdict.because}")
    if order is not None and order.wish == "hold":
        return _held(order)
    ready = verdict.decision is Decision.PASS and not moment.trouble
    if ready and moment.seconds >= watch.least:
        go_on = moment.open or not watch.beside
        return Leave() if go_on else CLOSED
    reason = moment.trouble or (
        f"PASS; a step lasts at least {watch.least:g} s" if ready else _waits(moment, watch)
    )
    if moment.counted >= watch.most:
        return TakeBack(f"held for {watch.most:g} s without a PASS: {reason}")
    return Stay(reason)


def _held(order: Order) -> Stay:
    return Stay(f"{order}; ./slipway resume lets it go on", paused=True)


def _waits(moment: Moment, watch: Watch) -> str:
    if moment.verdict.requests or not watch.beside or moment.seconds < FIRST_EVIDENCE:
        return moment.verdict.because
    return (
        "no traffic to judge by: send the endpoint requests (candidate and live have to answer some), or "
        "take it back with ./slipway abort"
    )
