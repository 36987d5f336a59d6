"""Making one release live in one stage: what `release`, `promote` and `apply` have in common."""

from dataclasses import dataclass

from release.domain import landed, moves, names, plan
from release.domain.errors import UsageError
from release.domain.landed import Description
from release.domain.ledger import Approval, End, Kind, Opened, Request, Skip
from release.domain.pins import Pins, ReleasePin, Strategy
from release.operations import judging, rollouts
from release.ports import StagePorts, Tell
from release.rollout import feasible


@dataclass(frozen=True)
class Landed:
    """A release that is live in a stage, verified; `changed` is False when it was live already."""

    stage: str
    endpoint: str
    release: str
    changed: bool


@dataclass(frozen=True)
class Grounds:
    """What a person gave for a release to enter a stage, kept in the ledger."""

    skip: Skip | None = None
    approval: Approval | None = None
    strategy: Strategy | None = None
    """Another strategy than the stage's own, where its data allows that."""


def land(
    ports: StagePorts, kind: Kind, endpoint: str, pin: ReleasePin, grounds: Grounds, tell: Tell
) -> Landed:
    """Roll `pin` out in the stage. Raises ReleaseFailed when it was taken back."""
    settings = rollouts.settings_of(ports, endpoint)
    rollout_settings = settings.rollout.by(grounds.strategy)
    judged = rollout_settings.strategy in feasible.JUDGED
    name = names.endpoint(endpoint, ports.name)

    def opened() -> Opened:
        description = ports.endpoints.describe(name)
        after = moves.after_rollout(settings, pin, landed.desired_count(description))
        _serves_what_is_named(ports, endpoint, moves.while_moving(settings.pins, after), description)
        return Opened(
            before=settings.pins,
            after=after,
            rollout=rollout_settings,
            limits=settings.alarms,
            judge=judging.policy_of(ports, endpoint) if judged else None,
            skip=grounds.skip,
            approval=grounds.approval,
        )

    rollout = rollouts.take(ports, Request(kind, endpoint, pin.release), opened, tell)
    ended = rollouts.carry_out(ports, rollout, tell)
    if ended.end is not End.LANDED:
        raise rollouts.taken_back(ports, endpoint, pin.release, ended)
    return Landed(ports.name, endpoint, pin.release, changed=True)


def _serves_what_is_named(
    ports: StagePorts, endpoint: str, named: Pins, description: Description | None
) -> None:
    """Refuse to begin where a config serves that no pin names: `pulumi up` would delete it under the traffic.

    A stage file from before the last rollout names other releases than the one that landed.
    """
    wanted = plan.endpoint_plan(ports.name, endpoint, named)
    serves = (description or {}).get("EndpointConfigName")
    if serves is None or serves in {config.name for config in wanted.configs}:
        return
    live = wanted.live.name if wanted.live else "nothing"
    file = f"Pulumi.{ports.name}.yaml"
    raise UsageError(
        f"{wanted.endpoint} serves {serves}, and no pin in {file} names it (live is {live}).",
        "pulumi up would delete what serves, so nothing was changed.",
        f"Take {file} as the last rollout left it: git pull, or the pins in ./slipway history {ports.name} "
        "--json. If somebody moved the endpoint by hand, move it back to the live config first.",
    )
