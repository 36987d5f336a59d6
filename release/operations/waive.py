"""Waive: a person lets a release into a stage although one gate of its evidence failed; nothing moves."""

from dataclasses import dataclass
from datetime import date, timedelta

from release.domain import fence, waivers
from release.domain.errors import UsageError
from release.domain.said import Said
from release.domain.waivers import Waiver
from release.operations import known
from release.ports import Tell, World


@dataclass(frozen=True)
class Waived:
    """One gate of one release, waived in one stage. `by` is the caller's ARN."""

    stage: str
    endpoint: str
    release: str
    gate: str
    by: str
    until: date
    measured: str


@dataclass(frozen=True)
class Order:
    """What is to be waived, why, and the last day on which that counts."""

    release: str
    stage: str
    gate: str
    reason: str
    until: date


def waive(world: World, order: Order, tell: Tell) -> Waived:
    """Record a waiver. It counts from now to the end of its last day (UTC).

    Raises UsageError where the stage allows none, the gate cannot be waived, or the day is past or too far
    ahead.
    """
    text = fence.why(order.reason, "A waiver")
    found = known.find(world, order.stage, order.release, tell)
    ports, caller = found.ports, found.ports.caller()
    if not found.entry.waivers:
        raise UsageError(
            f"{order.stage} allows no waivers.",
            "Nothing was recorded.",
            "Correct the model and release it anew; or let the stage allow them, by `waivers: true` in its "
            "entry in Pulumi.yaml.",
        )
    if why := waivers.why_not(found.content, order.gate):
        raise UsageError(
            f"The gate {order.gate!r} of {order.release} {why}.",
            "Nothing was recorded.",
            "See the gates of a release: ./slipway history --json",
        )
    _insist_on_a_near_day(order.until, found.now.date())
    measured = next(gate.reason for gate in found.content.gates if gate.name == order.gate)
    waiver = Waiver(
        gate=order.gate,
        by=caller.arn,
        at=found.now.isoformat(timespec="milliseconds"),
        reason=text,
        until=order.until,
        measured=measured,
        actor=caller.actor,
    )
    said = Said(
        event="waived",
        by=caller.arn,
        reason=text,
        actor=caller.actor,
        gate=order.gate,
        until=order.until.isoformat(),
    )
    ports.waivers.change(order.release, lambda kept: waivers.give(kept, order.release, ports.name, waiver))
    found.record("waive", said)
    return Waived(ports.name, found.endpoint, order.release, order.gate, caller.arn, order.until, measured)


def _insist_on_a_near_day(until: date, today: date) -> None:
    if until < today:
        raise UsageError(
            f"{until} is past.", "Such a waiver would never count.", "Give a later day: --until DATE"
        )
    last = today + timedelta(days=waivers.LONGEST_DAYS)
    if until > last:
        raise UsageError(
            f"{until} is more than {waivers.LONGEST_DAYS} days ahead.",
            "Nothing was recorded: a waiver ends, so that somebody looks again.",
            f"Give a day up to then: --until {last}",
        )
