"""Making one release live in one stage: what `release`, `promote` and `apply` have in common."""

from dataclasses import dataclass

from release.domain import landed, moves, names
from release.domain.approvals import Approval
from release.domain.errors import UsageError
from release.domain.experiment import Experiment
from release.domain.ledger import End, Kind, Opened, OpenRollout, Request, Skip
from release.domain.pins import ReleasePin, Strategy
from release.domain.waivers import Waiver
from release.operations import judging, rollouts, standing
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
    approvals: tuple[Approval, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    callers_know: tuple[str, ...] = ()
    """What of live's promise it breaks, by data that says that its callers know."""
    reason: str = ""
    """Why, where nothing else holds it."""
    proposed: bool = False
    """Whether it was proposed in the stage's file, and merged."""
    strategy: Strategy | None = None
    """Another strategy than the stage's own, where its data allows that."""
    experiment: Experiment | None = None
    """What is compared, where it is to stay beside live for a while."""


def land(
    ports: StagePorts, kind: Kind, endpoint: str, pin: ReleasePin, grounds: Grounds, tell: Tell
) -> Landed:
    """Roll `pin` out in the stage. Raises ReleaseFailed when it was taken back."""
    return _carried_out(ports, taken(ports, kind, endpoint, pin, grounds, tell), endpoint, tell)


def taken(
    ports: StagePorts, kind: Kind, endpoint: str, pin: ReleasePin, grounds: Grounds, tell: Tell
) -> OpenRollout:
    """The rollout of `pin`, opened, or as a dead process left it; nothing has moved yet."""
    settings = rollouts.settings_of(ports, endpoint)
    rollout_settings = settings.rollout.by(grounds.strategy)
    if grounds.experiment is not None:
        rollout_settings = rollout_settings.up_to(grounds.experiment.percent)
    judged = rollout_settings.strategy in feasible.JUDGED
    name = names.endpoint(endpoint, ports.name)

    def opened() -> Opened:
        standing.insist(ports, endpoint, "apply" if kind == "apply" else "bring")
        description = ports.endpoints.describe(name)
        after = moves.after_rollout(settings, pin, landed.desired_count(description), name)
        silent = _without_windows(ports, endpoint, pin)
        return Opened(
            before=settings.pins,
            after=after,
            rollout=rollout_settings,
            limits=settings.alarms,
            judge=judging.policy_of(ports, endpoint, silent) if judged else None,
            without_windows=silent,
            skip=grounds.skip,
            approvals=grounds.approvals,
            waivers=grounds.waivers,
            callers_know=grounds.callers_know,
            reason=grounds.reason,
            proposed=grounds.proposed,
            experiment=grounds.experiment,
        )

    ports.stack.ready()
    return rollouts.take(ports, Request(kind, endpoint, pin.release), opened, tell)


def _without_windows(ports: StagePorts, endpoint: str, pin: ReleasePin) -> tuple[str, ...]:
    try:
        coming = ports.artifacts.manifest(pin.release)
    except UsageError:
        coming = None  # it is taken to print windows, and held where it does not
    return judging.without_windows(ports, endpoint, coming)


def mend(ports: StagePorts, endpoint: str, pin: ReleasePin, reason: str, tell: Tell) -> Landed:
    """Bring what serves back to the live release `pin`, by the way back. Raises ReleaseFailed as `land`."""
    settings = rollouts.settings_of(ports, endpoint)

    def opened() -> Opened:
        pins = settings.pins
        return Opened(before=pins, after=pins, rollout=settings.rollout, mends=True, reason=reason)

    rollout = rollouts.take(ports, Request("apply", endpoint, pin.release), opened, tell)
    return _carried_out(ports, rollout, endpoint, tell)


def _carried_out(ports: StagePorts, rollout: OpenRollout, endpoint: str, tell: Tell) -> Landed:
    release = rollout.subject.release
    ended = rollouts.carry_out(ports, rollout, tell)
    if ended.end is not End.LANDED:
        raise rollouts.taken_back(ports, endpoint, release, ended)
    return Landed(ports.name, endpoint, release, changed=True)
