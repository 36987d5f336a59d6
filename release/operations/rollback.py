"""Rollback: the previous release serves again, by one UpdateEndpoint.

Everything the way back needs, the endpoint too, is proven first (`release/domain/preflight.py`); the pins and
the stack follow after the traffic has moved, so a broken Pulumi, Git or CI does not stand in the way.
"""

from dataclasses import dataclass

from release.domain import finished, landed, moves, names, plan, preflight, quotas
from release.domain.errors import UsageError
from release.domain.ledger import WAY_BACK, Closed, End, Opened, OpenRollout, Phase, Request
from release.domain.pins import ReleasePin
from release.domain.preflight import SecondFleet
from release.domain.quotas import NotTold
from release.domain.stages import Stages
from release.domain.state import Facts
from release.operations import fenced, needs, orders, rollouts, standing
from release.ports import Event, StagePorts, Tell, World
from release.rollout import weights
from release.rollout.strategies import way_back

QUOTA_SECONDS = 3.0
"""For which the quota is asked for: whoever goes back is in a hurry."""


@dataclass(frozen=True)
class RolledBack:
    """The release that serves again, verified, and the seconds that took.

    `release` is None where a first release that died half-way was taken back: nothing serves, as before it.
    """

    stage: str
    endpoint: str
    release: str | None
    seconds: float


@dataclass(frozen=True)
class Rehearsed:
    """The release that a rollback would serve: all that it needs is there. None where nothing serves yet."""

    stage: str
    endpoint: str
    release: str | None
    first: str | None = None
    """The live release where no other one was ever live: there is no way back from it yet."""


def rehearse(world: World, stage: str, endpoint: str | None, tell: Tell, to: str | None = None) -> Rehearsed:
    """Prove that a rollback is possible, by the same pre-flight, and change nothing.

    Raises UsageError as `rollback` does, but not for an endpoint's first release: nothing is wrong with that.
    """
    ports = world.stage(world.stages.entry(stage).name)
    name = ports.settings.only_endpoint(endpoint)
    asked = standing.insist(ports, name, "rollback")
    own, live = asked.open, asked.pins.live
    if own is None and live is None:
        return Rehearsed(ports.name, name, None)
    if own is None and live and to is None and _is_first(ports, name, asked, live):
        return Rehearsed(ports.name, name, None, first=live.release)
    goal = _before(own) if own else _previous(world.stages, ports, name)
    _leads_to(ports, world.stages, goal, to)
    _proven(ports, name, goal, own, tell)
    return Rehearsed(ports.name, name, goal.release if goal else None)


def rollback(
    world: World, stage: str, endpoint: str | None, tell: Tell, to: str | None = None, reason: str = ""
) -> RolledBack:
    """Serve the previous release again, or what served before a rollout that died half-way.

    Raises UsageError when there is nothing to go back to, something that it needs is gone, or the way back
    leads to another release than `to`.
    """
    ports = world.stage(world.stages.entry(stage).name)
    started = ports.clock.monotonic()
    name = ports.settings.only_endpoint(endpoint)
    settings = rollouts.settings_of(ports, name)
    asked = standing.insist(ports, name, "rollback")
    if asked.damage:
        problems = "; ".join(asked.damage)
        tell(Event(f"the ledger cannot be read whole ({problems}): going back by what can be read"))
    own = _open(ports, asked)
    goal = _before(own) if own else _previous(world.stages, ports, name)
    _leads_to(ports, world.stages, goal, to)
    if own is not None and own.subject.kind != "rollback":
        if rollouts.at_work(ports, own) and orders.abort(ports, own, "rollback", tell):
            before = own.opened.before.live
            return RolledBack(
                stage, name, before.release if before else None, ports.clock.monotonic() - started
            )
        # Before anything is proven: all that the candidate has is live's own traffic.
        weights.away_from_the_candidate(ports, names.endpoint(name, ports.name), tell)
    _proven(ports, name, goal, own, tell)

    def opened() -> Opened:
        if own is not None:
            raise rollouts.overtaken(ports, name)
        after = moves.after_rollback(settings.pins)
        return Opened(before=settings.pins, after=after, rollout=settings.rollout, reason=reason)

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


def _leads_to(ports: StagePorts, stages: Stages, goal: ReleasePin | None, to: str | None) -> None:
    """Whether the way back leads where somebody wants to go: they may have looked a while ago."""
    found = goal.release if goal else None
    if to is None or to == found:
        return
    there = f"--to {found}" if found else "without --to"
    raise UsageError(
        f"The way back of {ports.name} leads to {found or 'nothing'}, not to {to}.",
        "Nothing was changed.",
        f"Look at ./slipway status {ports.name}, then go there: ./slipway rollback {ports.name} {there}; or "
        f"bring {to} by {stages.entering(ports.name)}",
    )


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


def _is_first(ports: StagePorts, endpoint: str, asked: Facts, live: ReleasePin) -> bool:
    """Whether what serves is the endpoint's first release, by its ledger, and no previous one got lost."""
    if asked.pins.previous is not None or asked.damage or not ports.ledger.exists():
        return False
    return finished.is_first(ports.ledger.newest_first(), endpoint, live.release)


def _proven(
    ports: StagePorts, endpoint: str, goal: ReleasePin | None, own: OpenRollout | None, tell: Tell
) -> None:
    """The pre-flight of the way back; `own` is the endpoint's open rollout, if any."""
    reverts = own is not None and (own.subject.kind != "rollback" or own.phase in WAY_BACK)
    needed = own.opened.before.live if own and reverts else goal
    if needed:
        fenced.warn(ports, needed.release, tell)
        tell(Event(f"pre-flight: everything that {needed.release} needs to serve again"))
        _preflight(ports, endpoint, needed, reverts, own is not None, tell)


def _preflight(
    ports: StagePorts, endpoint: str, goal: ReleasePin, remake: bool, is_open: bool, tell: Tell
) -> None:
    name = names.endpoint(endpoint, ports.name)
    described = ports.endpoints.describe(name)
    if (described or {}).get("EndpointStatus") == "Failed":
        raise _failed(ports, endpoint, landed.failure_reason(described), is_open)
    problems = needs.problems(ports, endpoint, goal, remake, alarms=way_back.DEPLOYMENT.alarms)
    if problems:
        raise UsageError(
            f"{ports.name} cannot go back to {goal.release}: {'; '.join(problems)}.",
            "No traffic was moved.",
            "Make again what is gone, then run this again: "
            f"./slipway apply {ports.name} --endpoint {endpoint}",
        )
    types = ports.endpoints.instance_types(str((described or {}).get("EndpointConfigName")))
    fleet = preflight.second_fleet(plan.config_plan(ports.name, endpoint, goal), described, types)
    if fleet is not None:
        _has_room(ports, goal, fleet, tell)


def _has_room(ports: StagePorts, goal: ReleasePin, fleet: SecondFleet, tell: Tell) -> None:
    try:
        quota = ports.quota_of(quotas.endpoint_usage(fleet.instance_type), QUOTA_SECONDS)
    except NotTold as error:
        tell(Event(f"whether the quota leaves room for a second fleet is not known: {error}", detail=True))
        return
    lacks = fleet.lacks(quota.value) if quota else None
    if quota and lacks:
        raise UsageError(
            f"{ports.name} cannot go back to {goal.release}: {lacks}.",
            "SageMaker would refuse the update, so no traffic was moved.",
            f"Ask for more: {quotas.how_to_ask(quota, fleet.more, ports.settings.region)}; or let the "
            "endpoint have fewer instances; then run this again.",
        )


def _failed(ports: StagePorts, endpoint: str, reason: str, is_open: bool) -> UsageError:
    name, stage = names.endpoint(endpoint, ports.name), ports.name
    anew = f"pulumi up --stack {stage}" if is_open else f"./slipway apply {stage} --endpoint {endpoint}"
    return UsageError(
        f"The endpoint {name} is Failed: {reason or 'SageMaker gives no reason'}",
        "SageMaker lets a Failed endpoint be deleted and nothing else, so nothing can be moved to it.",
        f"Delete it: aws sagemaker delete-endpoint --endpoint-name {name}; once it is gone, make it again "
        f"from its pins: {anew}; then run this again.",
    )
