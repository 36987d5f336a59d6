"""Telling a rollout that is under way, here or on another machine: hold it, go on, or take it back.

The process at work reads the order within seconds. To take a rollout back its traffic is taken from the
candidate here and now, in one call, and not only when that process reads the order.
"""

from dataclasses import dataclass

from release.domain import experiment, names
from release.domain.errors import ReleaseFailed, ServiceError, UsageError
from release.domain.ledger import Closed, End, OpenRollout
from release.domain.orders import Order, Wish
from release.operations import rollouts
from release.ports import Event, StagePorts, Tell, World
from release.rollout import feasible, weights

PATIENCE = 3600.0
POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Told:
    """An order that was given; for an abort the rollout has ended by then, taken back and verified."""

    stage: str
    endpoint: str
    release: str
    wish: Wish
    ended: str | None = None


def order(world: World, stage: str, endpoint: str | None, wish: Wish, reason: str, tell: Tell) -> Told:
    """Give an order to the rollout that is under way in a stage.

    Raises UsageError where none is, or where nobody works on it; for an abort ReleaseFailed when the release
    had landed before the order was read.
    """
    ports = world.stage(world.stages.entry(stage).name)
    name = ports.settings.only_endpoint(endpoint)
    found = rollouts.found_open(ports, name)
    if found is None or found.subject.endpoint != name:
        raise UsageError(
            f"No rollout of {name} is under way in {stage}.",
            "There is nobody to tell, so nothing was changed.",
            f"See ./slipway status {stage}; to go back to the previous release: ./slipway rollback {stage}",
        )
    if found.rests:
        raise experiment.holds(stage, name, found.compares)
    if not ports.ledger.alive(found):
        raise _gone(stage, found, "Nobody would read the order, so nothing was changed.")
    if wish == "abort":
        told = abort(ports, found, reason, tell)
        if told is None:
            raise _gone(stage, found, "The candidate gets no traffic; the rollout is still open.")
        return told
    if found.subject.kind == "rollback" or found.opened.rollout.strategy not in feasible.JUDGED:
        raise UsageError(
            f"The {found.subject.kind} of {found.subject.release} has no steps that wait for anybody.",
            "Only a judged or shadow rollout is held and resumed, so nothing was changed.",
            f"To take it back: ./slipway abort {stage}",
        )
    ports.evidence.give(found.id, _order(ports, wish, reason))
    return Told(stage, name, found.subject.release, wish)


def abort(ports: StagePorts, found: OpenRollout, reason: str, tell: Tell) -> Told | None:
    """Take a rollout back whose process lives: the order, the candidate's traffic, and its end awaited.

    None when that process died before it did.
    """
    subject, endpoint = found.subject, names.endpoint(found.subject.endpoint, ports.name)
    ports.evidence.give(found.id, _order(ports, "abort", reason))
    tell(Event(f"told {found.owner} to take {subject.release} back"))
    weights.away_from_the_candidate(ports, endpoint, tell)
    deadline = ports.clock.monotonic() + PATIENCE
    while (still := ports.ledger.open()) is not None and still.id == found.id:
        if not ports.ledger.alive(still):
            return None
        if ports.clock.monotonic() > deadline:
            raise ServiceError(
                f"{found.owner} did not take {subject.release} back within {PATIENCE:.0f} s.",
                "The candidate gets no traffic; the rollout is still open.",
                f"See ./slipway status {ports.name}; when that process is gone: "
                f"./slipway rollback {ports.name}",
            )
        ports.clock.sleep(POLL_SECONDS)
    if _end(ports, found) is not End.REVERTED:
        raise ReleaseFailed(
            f"{subject.release} had landed in {ports.name} before the order was read.",
            "It serves, and nothing was taken back.",
            f"Go back to the release before it: ./slipway rollback {ports.name}",
        )
    return Told(ports.name, subject.endpoint, subject.release, "abort", End.REVERTED.value)


def _gone(stage: str, found: OpenRollout, consequence: str) -> UsageError:
    return UsageError(
        f"The process that worked on the {found.subject.kind} of {found.subject.release} is gone.",
        consequence,
        f"Run that same command again to go on, or take it back: ./slipway rollback {stage}",
    )


def _end(ports: StagePorts, found: OpenRollout) -> End | None:
    for stored in ports.ledger.newest_first():
        what = stored.entry.what
        if stored.entry.subject.rollout == found.id and isinstance(what, Closed):
            return End(what.event)
    return None


def _order(ports: StagePorts, wish: Wish, reason: str) -> Order:
    owner = ports.ledger.owner
    return Order(wish=wish, by=f"{owner.user} on {owner.host}", at=ports.clock.now(), reason=reason)
