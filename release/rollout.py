"""A rollout: how a stage comes to serve a release, and how it comes back when that does not land.

Every transition is in the ledger before it is made and every step can be made twice, so a killed process
loses nothing: the same command reads the ledger and goes on. What the steps decide is pure and lives in
`ledger`, `landed`, `gates` and `plan`; this module is their order.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.adapters import stage_file
from release.adapters.artifacts import ArtifactStore
from release.adapters.aws import StageAws
from release.adapters.endpoints import Description, Endpoints
from release.adapters.ledger_store import LedgerStore
from release.adapters.registry import Registry
from release.adapters.stack import ApplyFailed, Stack
from release.domain import landed, ledger, plan
from release.domain.errors import Held, ServiceError, SlipwayError
from release.domain.ledger import Event, OpenRollout, Pins
from release.domain.pins import EndpointSettings, ReleasePin
from release.domain.plan import EndpointPlan

Say = Callable[[str], None]
SETTLE_SECONDS = 3600.0


@dataclass
class Target:
    """One endpoint of one stage, with everything a rollout needs of it."""

    project: Path
    endpoint: str
    aws: StageAws
    step: Say
    note: Say

    def __post_init__(self) -> None:
        self.artifacts = ArtifactStore(self.aws)
        self.endpoints = Endpoints(self.aws)
        self.ledger = LedgerStore(self.aws, self.artifacts.bucket)
        self.stack = Stack(self.project, self.aws, self.note)

    @property
    def stage(self) -> str:
        """The stage's name."""
        return self.aws.stage

    def settings(self) -> EndpointSettings:
        """The endpoint's settings, as the stage file has them now."""
        config = stage_file.read_config(stage_file.path_of(self.project, self.stage))
        return EndpointSettings.model_validate(config[stage_file.ENDPOINTS][self.endpoint] or {})

    def plan_of(self, pins: Pins) -> EndpointPlan:
        """What SageMaker has to hold for these pins."""
        return plan.endpoint_plan(self.stage, self.endpoint, pins.applied_to(self.settings()))

    def write(self, pins: Pins) -> None:
        """Put the pins into the stage file."""
        path = stage_file.path_of(self.project, self.stage)
        stage_file.write_pins(path, self.endpoint, pins.applied_to(self.settings()))


@dataclass(frozen=True)
class Outcome:
    """What a rollout came to. `reason` says why it was taken back, None when it landed."""

    reason: str | None
    serves: str | None
    """The release that the endpoint serves now, None when it serves none."""


def after_rollout(before: EndpointSettings, pin: ReleasePin, desired: int | None) -> Pins:
    """The pins with `pin` live and what was live as previous; the instance count of now is kept in bounds."""
    bounds = before.instances
    capacity = min(max(desired or bounds.min, bounds.min), bounds.max)
    live = pin.model_copy(update={"capacity": capacity, "via": "rollout"})
    if before.live is not None and before.live.release == pin.release:
        return _pins(live, before.previous, before.older)
    return _pins(live, before.live, before.previous)


def after_rollback(before: EndpointSettings) -> Pins:
    """The pins with live and previous exchanged."""
    assert before.live is not None
    assert before.previous is not None
    return _pins(before.previous.model_copy(update={"via": "rollback"}), before.live, before.older)


def _pins(live: ReleasePin, *others: ReleasePin | None) -> Pins:
    previous, older = (pin.model_dump() if pin else None for pin in others)
    return Pins(live=live.model_dump(), previous=previous, older=older)


def open_or_resume(target: Target, request: ledger.Request, after: Callable[[], Pins]) -> OpenRollout:
    """The rollout to work on: a new one towards `after()`, or the one that a dead process left.

    Raises ServiceError or Held when the stage is somebody else's (`ledger.decide`).
    """
    tail = target.ledger.tail()
    found = ledger.open_rollout(tail)
    alive = found is not None and target.ledger.owner_alive(found)
    decision = ledger.decide(found, alive, request)
    if found is None or decision == "start":
        return _opened(target, request, after())
    target.step(f"resuming the {found.kind} of {found.release} that stopped at {found.last_event!r}")
    _record(target, found, "resumed")
    if decision == "take-back" and found.reverting is None:
        reason = "taken back by a rollback while its own process was gone"
        _record(target, found, "reverting", reason=reason)
    return ledger.open_rollout(target.ledger.tail()) or found


def _opened(target: Target, request: ledger.Request, after: Pins) -> OpenRollout:
    before = ledger.pins_of(target.settings())
    rollout = uuid.uuid4().hex[:12]
    target.ledger.append(
        request.kind,
        "opened",
        request.endpoint,
        request.release,
        rollout,
        before=before.model_dump(),
        after=after.model_dump(),
    )
    opened = ledger.open_rollout(target.ledger.tail())
    assert opened is not None
    return opened


def carry_out(target: Target, rollout: OpenRollout) -> Outcome:
    """Bring an open rollout to its end: landed, or taken back.

    Raises ServiceError when AWS or Pulumi failed on the way (the rollout stays open; the same command goes
    on) and Held when not even the way back landed.
    """
    with target.ledger.heartbeat(rollout.id):
        reason = rollout.reverting
        if reason is None:
            forward = _move_then_reconcile if rollout.kind == "rollback" else _apply_then_check
            reason = forward(target, rollout)
            if reason is None:
                _record(target, rollout, "landed")
                return Outcome(None, serves=rollout.release)
            _record(target, rollout, "reverting", reason=reason)
        target.step(f"taking it back: {reason}")
        _take_back(target, rollout)
        _record(target, rollout, "reverted", reason=reason)
    return Outcome(reason, serves=(rollout.before.live or {}).get("release"))


def _apply_then_check(target: Target, rollout: OpenRollout) -> str | None:
    """Pin, pulumi up, landed check, golden requests; why it did not land, or None."""
    wanted = target.plan_of(rollout.after)
    target.step(f"pinning {rollout.release} in Pulumi.{target.stage}.yaml")
    _record(target, rollout, "pinning")
    target.write(rollout.after)
    target.step(f"pulumi up in {target.stage}")
    _record(target, rollout, "applying")
    try:
        target.stack.up()
    except ApplyFailed as error:
        description = target.endpoints.settled(wanted.endpoint, SETTLE_SECONDS, target.note)
        if (description or {}).get("EndpointStatus") != "Failed":
            raise
        return landed.failure_reason(description) or str(error.cause)
    return _check(target, rollout, wanted)


def _move_then_reconcile(target: Target, rollout: OpenRollout) -> str | None:
    """One UpdateEndpoint, landed check, golden requests; then the pin and the stack follow."""
    wanted = target.plan_of(rollout.after)
    assert wanted.live is not None
    _record(target, rollout, "moving")
    _move(target, wanted)
    problem = _check(target, rollout, wanted)
    if problem:
        return problem
    target.step(f"{rollout.release} serves; the pin and the stack follow")
    _record(target, rollout, "pinning")
    target.write(rollout.after)
    _record(target, rollout, "applying")
    try:
        target.stack.up()
    except SlipwayError as error:
        raise ServiceError(
            f"{rollout.release} serves again, but the stack could not follow: {error.cause}",
            "The traffic is safe; the pin is written; Pulumi's state is behind.",
            "Correct the cause, then run the same command again: it only brings the stack up to date.",
        ) from None
    return _disagreements(target, wanted)


def _move(target: Target, wanted: EndpointPlan) -> None:
    """UpdateEndpoint to the wanted config, unless SageMaker serves it or is on its way there already."""
    assert wanted.live is not None
    description = target.endpoints.settled(wanted.endpoint, SETTLE_SECONDS, target.note)
    if (description or {}).get("EndpointConfigName") != wanted.live.name:
        target.step(f"UpdateEndpoint {wanted.endpoint} to {wanted.live.name}")
        quiet = plan.rollback_deployment(target.stage, target.endpoint)
        target.endpoints.move(wanted.endpoint, wanted.live.name, quiet)


def _check(target: Target, rollout: OpenRollout, wanted: EndpointPlan) -> str | None:
    target.step("asking SageMaker what it really serves")
    _record(target, rollout, "checking")
    problem = _disagreements(target, wanted)
    if problem:
        return problem
    target.step("sending the golden requests")
    return smoke(target, rollout.release)


def smoke(target: Target, release: str) -> str | None:
    """Send the release's golden requests; what is wrong with the answers, or None."""
    golden, _ = target.artifacts.golden(target.artifacts.manifest(release))
    endpoint = target.plan_of(ledger.pins_of(target.settings())).endpoint
    return target.endpoints.smoke(endpoint, golden)


def _disagreements(target: Target, wanted: EndpointPlan) -> str | None:
    description = target.endpoints.settled(wanted.endpoint, SETTLE_SECONDS, target.note)
    found = landed.compare(wanted, description)
    if not found:
        return None
    reason = landed.failure_reason(description)
    text = "; ".join(map(str, found))
    return f"{text}. SageMaker's reason: {reason}" if reason else text


def _take_back(target: Target, rollout: OpenRollout) -> None:
    """Make the stage serve what it served before the rollout, and say so in its data and stack.

    Raises Held when SageMaker does not serve that afterwards.
    """
    before = rollout.before
    if before.live is not None:
        _move(target, target.plan_of(before))
        description = target.endpoints.settled(target.plan_of(before).endpoint, SETTLE_SECONDS, target.note)
        before = _with_arrival(target, before, description)
    target.write(before)
    target.step(f"pulumi up in {target.stage}, with the pins as they were")
    target.stack.up()
    wanted = target.plan_of(before)
    if wanted.live is None and target.endpoints.describe(wanted.endpoint) is not None:
        # An endpoint whose very first create failed is in SageMaker, but not always in the stack.
        target.endpoints.delete(wanted.endpoint)
    problem = _disagreements(target, wanted)
    if problem:
        raise Held(
            f"{target.stage} could not be taken back: {problem}",
            "The rollout stays open in the ledger, so nothing else can start here.",
            "Look at the endpoint in SageMaker, then run the same command again.",
        )


def _with_arrival(target: Target, pins: Pins, description: Description | None) -> Pins:
    """The pins with `via` as SageMaker remembers the last deployment, so that the stack has nothing to do."""
    last: dict[str, Any] = (description or {}).get("LastDeploymentConfig") or {}
    alarms = [alarm["AlarmName"] for alarm in last.get("AutoRollbackConfiguration", {}).get("Alarms", [])]
    quiet = plan.rollback_deployment(target.stage, target.endpoint)
    via = "rollback" if alarms == list(quiet.alarms) else "rollout"
    return pins.model_copy(update={"live": (pins.live or {}) | {"via": via}})


def _record(target: Target, rollout: OpenRollout, event: Event, **data: Any) -> None:
    target.ledger.append(rollout.kind, event, rollout.endpoint, rollout.release, rollout.id, **data)


def provisioned(target: Target) -> bool:
    """Whether the stage has the bucket and the repository that a release needs to go to."""
    return target.artifacts.exists() and Registry(target.aws).uri() is not None


def provision(target: Target) -> None:
    """Bring a stage into being that has neither: everything but the serving trio, which needs a release."""
    if provisioned(target):
        return
    target.step(f"{target.stage} has no bucket or registry yet: pulumi up first")
    target.stack.up()
    if not provisioned(target):
        raise ServiceError(
            f"{target.stage} still has no bucket or registry after pulumi up.", "Nothing was released."
        )
