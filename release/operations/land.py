"""Making one release live in one stage: what `release`, `promote` and `apply` have in common."""

from dataclasses import dataclass

from release.domain import landed, moves, names
from release.domain.ledger import Approval, End, Kind, Opened, Request, Skip
from release.domain.pins import ReleasePin
from release.operations import rollouts
from release.ports import StagePorts, Tell


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


def land(
    ports: StagePorts, kind: Kind, endpoint: str, pin: ReleasePin, grounds: Grounds, tell: Tell
) -> Landed:
    """Roll `pin` out in the stage. Raises ReleaseFailed when it was taken back."""
    settings = rollouts.settings_of(ports, endpoint)
    name = names.endpoint(endpoint, ports.name)

    def opened() -> Opened:
        desired = landed.desired_count(ports.endpoints.describe(name))
        return Opened(
            before=settings.pins,
            after=moves.after_rollout(settings, pin, desired),
            rollout=settings.rollout,
            skip=grounds.skip,
            approval=grounds.approval,
        )

    rollout = rollouts.take(ports, Request(kind, endpoint, pin.release), opened, tell)
    ended = rollouts.carry_out(ports, rollout, tell)
    if ended.end is not End.LANDED:
        raise rollouts.taken_back(ports, endpoint, pin.release, ended)
    return Landed(ports.name, endpoint, pin.release, changed=True)
