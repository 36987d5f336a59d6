"""Rollback: the previous release serves again, by one UpdateEndpoint.

Everything the way back needs, the endpoint too, is proven first (`release/domain/preflight.py`); the pins and
the stack follow after the traffic has moved, so a broken Pulumi, Git or CI does not stand in the way.
"""

from dataclasses import dataclass

from release.domain import moves, names
from release.domain.errors import UsageError
from release.domain.ledger import WAY_BACK, Closed, End, Opened, OpenRollout, Phase, Request
from release.domain.pins import ReleasePin
from release.domain.stages import Stages
from release.domain.state import Facts
from release.operations import fenced, needs, orders, rollouts, standing
from release.ports import Event, StagePorts, Tell, World


@dataclass(frozen=True)
class RolledBack:
    """The release that serves again, verified, and the seconds that took.

    `release` is None where a first release that died half-way was taken back: nothing serves, as before it.
    """

    stage: str
    endpoint: str
    release: str | None
    seconds: float


def rollback(world: World, stage: str, endpoint: str | None, tell: Tell) -> RolledBack:
    """Serve the previous release again, or what served before a rollout that died half-way.

    Raises UsageError when there is nothing to go back to, or something that it needs is gone.
    """
    ports = world.stage(world.stages.entry(stage).name)
    started = ports.clock.monotonic()
    name = ports.settings.only_endpoint(endpoint)
    settings = rollouts.settings_of(ports, name)
    asked = standing.insist(ports, name, "rollback")
    if asked.damage:
        tell(Event(f"the ledger is damaged ({'; '.join(asked.damage)}): going back by what can be read"))
    own = _open(ports, asked)
    if own is not None and own.subject.kind != "rollback":
        if ports.ledger.alive(own) and orders.abort(ports, own, "rollback", tell):
            before = own.opened.before.live
            return RolledBack(
                stage, name, before.release if before else None, ports.clock.monotonic() - started
            )
        # Before anything is proven: all that the candidate has is live's own traffic.
        orders.away_from_the_candidate(ports, names.endpoint(name, ports.name), tell)
    goal = _before(own) if own else _previous(world.stages, ports, name)
    reverts = own is not None and (own.subject.kind != "rollback" or own.phase in WAY_BACK)
    needed = own.opened.before.live if own and reverts else goal
    if needed:
        fenced.warn(ports, needed.release, tell)
        tell(Event(f"pre-flight: everything that {needed.release} needs to serve again"))
        _preflight(ports, name, needed, remake=reverts)

    def opened() -> Opened:
        if own is not None:
            raise rollouts.overtaken(ports, name)
        after = moves.after_rollback(settings.pins)
        return Opened(before=settings.pins, after=after, rollout=settings.rollout)

    wanted = goal.release if goal else None
    release = wanted or (own.subject.release if own else "")
    rollout = rollouts.take(ports, Request("rollback", name, release), opened, tell)
    ended = rollouts.carry_out(ports, rollout, tell)
    if ended.serves != wanted:
        raise rollouts.taken_back(ports, name, release, ended)
    return RolledBack(stage, name, wanted, ports.clock.monotonic() - started)


def _open(ports: StagePorts, asked: Facts) -> OpenRollout | None:
    """The endpoint's open rollout. One whose end nobody can read has ended where the file says so."""
    own = asked.open
    at_its_end = own is not None and own.phase is Phase.RECONCILING and asked.pins == own.opened.after
    if own is None or not (asked.damage and at_its_end):
        return own
    ports.ledger.append(own.subject, Closed(event=End.LANDED, reason="by the stage file: its end is damaged"))
    return None


def _before(found: OpenRollout) -> ReleasePin | None:
    """The release to go back to from an open rollout: what it replaced, None where it replaced nothing."""
    return found.opened.after.live if found.subject.kind == "rollback" else found.opened.before.live


def _previous(stages: Stages, ports: StagePorts, endpoint: str) -> ReleasePin:
    """The release to go back to where no rollout is open."""
    previous = rollouts.settings_of(ports, endpoint).pins.previous
    if previous is None:
        raise UsageError(
            f"Endpoint {endpoint} has no previous release in {ports.name}.",
            "There is nothing to go back to, so nothing was changed.",
            f"Bring it a good release instead: {stages.entering(ports.name)}",
        )
    return previous


def _preflight(ports: StagePorts, endpoint: str, goal: ReleasePin, remake: bool) -> None:
    problems = needs.problems(ports, endpoint, goal, remake)
    if problems:
        raise UsageError(
            f"{ports.name} cannot go back to {goal.release}: {'; '.join(problems)}.",
            "No traffic was moved.",
            "Make again what is gone, then run this again: "
            f"./slipway apply {ports.name} --endpoint {endpoint}",
        )
