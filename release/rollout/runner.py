"""Carries a rollout out: records each phase in the ledger, does its work through ports, tells the machine.

What comes next is `machine.py`'s decision, how traffic moves a strategy's. The work of every phase can be
done twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from release.domain import landed, moves, names, plan
from release.domain.deployment import Deployment
from release.domain.errors import ApplyFailed, ServiceError, SlipwayError
from release.domain.landed import Description
from release.domain.ledger import Closed, End, Entered, OpenRollout, Phase
from release.domain.pins import Pins
from release.domain.plan import ConfigPlan
from release.ports import Event, StagePorts, Tell
from release.rollout import machine
from release.rollout.fencing import Fencing
from release.rollout.machine import Action, Observation, Seen, State
from release.rollout.smoke import smoke
from release.rollout.strategies import STRATEGIES, way_back
from release.rollout.strategies.step import Context, Step
from release.rollout.waiting import settled

LEAST_PATIENCE = 3600.0
DONE = Observation(Seen.DONE)


@dataclass(frozen=True)
class Ended:
    """How a rollout ended, why when it did not land, and the release that serves now (None: none)."""

    end: End
    reason: str
    serves: str | None


def run(ports: StagePorts, rollout: OpenRollout, tell: Tell) -> Ended:
    """Bring an open rollout to its end.

    Raises ServiceError when AWS or Pulumi failed or could not tell: the rollout stays open where it stands,
    and the same command goes on.
    """
    return Runner(ports, rollout, tell).run()


class Runner:
    """One rollout on its way."""

    def __init__(self, ports: StagePorts, rollout: OpenRollout, tell: Tell) -> None:
        self._ports = ports
        self._rollout = rollout
        self._tell = tell
        self._endpoint = names.endpoint(rollout.subject.endpoint, ports.name)
        self._steps = self._strategy()
        self._patience = max(LEAST_PATIENCE, rollout.opened.rollout.timeout_seconds + 600.0)

    def run(self) -> Ended:
        """As the module's `run`."""
        creates = self._rollout.subject.kind != "rollback"
        state = State(
            self._rollout.phase, len(self._steps), creates, self._rollout.step, self._rollout.reason
        )
        seen = Observation(Seen.NOTHING)
        fencing = Fencing(self._ports, self._rollout, self._tell)
        with self._ports.ledger.heartbeat(self._rollout.id):
            fencing.opens()
            while isinstance(action := machine.next(state, seen), Action):
                if (action.phase, action.step) != (state.phase, state.step):
                    self._record(action)
                state = machine.entered(state, action)
                seen = _WORK[action.phase](self, action)
            fencing.closes(action.end, action.reason)
            if action.end is not End.HELD:
                closed = Closed.model_validate({"event": action.end, "reason": action.reason})
                self._ports.ledger.append(self._rollout.subject, closed)
        live = self._after.live if action.end is End.LANDED else self._before.live
        return Ended(action.end, action.reason, live.release if live else None)

    @property
    def _before(self) -> Pins:
        return self._rollout.opened.before

    @property
    def _after(self) -> Pins:
        return self._rollout.opened.after

    def _strategy(self) -> tuple[Step, ...]:
        subject, opened = self._rollout.subject, self._rollout.opened
        context = Context(self._ports.name, subject.endpoint, opened.before, opened.after, opened.rollout)
        if subject.kind == "rollback":
            return way_back.steps(context)
        return STRATEGIES[opened.rollout.strategy](context)

    def _record(self, action: Action) -> None:
        values = {"event": action.phase, "step": action.step, "reason": action.reason}
        self._ports.ledger.append(self._rollout.subject, Entered.model_validate(values))

    def _create(self, action: Action) -> Observation:
        release, stage = self._rollout.subject.release, self._ports.name
        moving = moves.while_moving(self._before, self._after)
        self._say(f"pinning {release} in Pulumi.{stage}.yaml as the candidate", action)
        self._write(moving)
        if self._same_stack(self._before, moving) and self._is_there(self._steps[-1].config):
            return DONE
        self._say(f"pulumi up in {stage}: its model and config, no traffic", action)
        try:
            self._up()
        except ApplyFailed as error:
            # Only a first release makes the endpoint here; that it failed is SageMaker's answer to it.
            description = self._settled()
            if (description or {}).get("EndpointStatus") != "Failed":
                raise
            return _refused(landed.failure_reason(description) or str(error.cause))
        return DONE

    def _move(self, action: Action) -> Observation:
        step = self._steps[action.step]
        return self._ask_for(step.config, step.deployment, action)

    def _verify(self, action: Action) -> Observation:
        step = self._steps[action.step]
        self._say("asking SageMaker what it really serves", action)
        problem = self._disagreement(step.config)
        if problem:
            return _refused(problem)
        self._say("sending the golden requests", action)
        manifest = self._ports.artifacts.manifest(self._rollout.subject.release)
        golden, _ = self._ports.artifacts.golden(manifest)
        # Where it serves alone there is nobody else to aim past.
        aimed = step.variant if len(step.config.production) > 1 else None
        problem = smoke(self._ports.endpoints, self._endpoint, golden, aimed)
        return _refused(problem) if problem else DONE

    def _reconcile(self, action: Action) -> Observation:
        """Only a release that is seen to serve may lead to a deletion, and it must still serve after it."""
        arrived = self._steps[-1].config
        problem = self._disagreement(arrived)
        if problem:
            return _refused(problem)
        release = self._rollout.subject.release
        moving = moves.while_moving(self._before, self._after)
        follows = not self._same_stack(moving, self._after)
        self._say(f"{release} serves; the pins change role{' and the stack follows' * follows}", action)
        try:
            self._write(self._after)
            if follows:
                self._up()
        except SlipwayError as error:
            raise ServiceError(
                f"{release} serves, but the stack could not follow: {error.cause}",
                "The traffic is safe, and nothing that serves was deleted; the stack is behind.",
                "Correct the cause, then run the same command again: it only brings the stack up to date.",
            ) from None
        problem = self._disagreement(arrived)
        return _refused(problem) if problem else DONE

    def _revert(self, action: Action) -> Observation:
        self._say(f"taking it back: {action.reason}", action)
        config = self._served_before()
        if config is None:
            return DONE
        if not self._is_there(config):
            # A fleet's old shape is named by no pin once the new one landed: it is made again first.
            self._write(moves.while_moving(self._before, self._after))
            self._up()
        asked = self._ask_for(config, way_back.DEPLOYMENT, action)
        if asked.seen is Seen.REFUSED:
            return asked
        problem = self._disagreement(config)
        return _refused(problem) if problem else DONE

    def _restore(self, action: Action) -> Observation:
        moving = moves.while_moving(self._before, self._after)
        follows = not self._same_stack(moving, self._before)
        self._say(f"the pins are as they were{', and the stack follows' * follows}", action)
        self._write(self._before)
        if follows:
            self._up()
        config = self._served_before()
        if config is None and self._settled() is not None:
            # An endpoint whose very first create failed is in SageMaker, but not always in the stack.
            self._ports.endpoints.delete(self._endpoint)
        problem = self._disagreement(config)
        return _refused(problem) if problem else DONE

    def _ask_for(self, config: ConfigPlan, deployment: Deployment | None, action: Action) -> Observation:
        """UpdateEndpoint to `config`, unless SageMaker serves it already or cannot be updated any more."""
        description = self._settled()
        if description is None:
            return _refused(f"the endpoint {self._endpoint} does not exist")
        if description.get("EndpointStatus") == "Failed":
            return _refused(f"the endpoint is Failed: {landed.failure_reason(description)}")
        if description.get("EndpointConfigName") != config.name:
            self._say(f"UpdateEndpoint {self._endpoint} to {config.name}", action)
            # SageMaker's guardrails refuse an update that adds or removes a variant.
            guarded = deployment if landed.same_variants(config, description) else None
            self._ports.endpoints.update(self._endpoint, config.name, guarded)
        return DONE

    def _served_before(self) -> ConfigPlan | None:
        live = self._before.live
        return plan.config_plan(self._ports.name, self._rollout.subject.endpoint, live) if live else None

    def _disagreement(self, config: ConfigPlan | None) -> str | None:
        return landed.why(self._endpoint, config, self._settled())

    def _settled(self) -> Description | None:
        ports = self._ports
        return settled(ports.endpoints, ports.clock, self._endpoint, self._patience, self._tell)

    def _is_there(self, config: ConfigPlan) -> bool:
        return self._ports.endpoints.config_model(config.name) is not None

    def _same_stack(self, one: Pins, other: Pins) -> bool:
        """Whether `pulumi up` has nothing to make or delete between these pins."""
        if self._ports.former:
            return False  # the earlier program made more than pins name today
        name, stage = self._rollout.subject.endpoint, self._ports.name
        plans = [plan.endpoint_plan(stage, name, pins) for pins in (one, other)]
        if any(step.config not in plans[0].configs for step in self._steps):
            return False  # configs in which the candidate stands beside the live release come and go
        # An endpoint with a way back is protected from deletion in a protected stage: `infra/stack.py`.
        same_protection = (one.previous is None) == (other.previous is None)
        return plan.same_things(*plans) and (same_protection or not self._ports.settings.protect)

    def _write(self, pins: Pins) -> None:
        self._ports.file.write(self._rollout.subject.endpoint, pins)

    def _up(self) -> None:
        self._ports.stack.up(self._rollout.subject.endpoint)

    def _say(self, text: str, action: Action) -> None:
        self._tell(Event(text, phase=action.phase))


def _refused(reason: str) -> Observation:
    return Observation(Seen.REFUSED, reason)


_WORK: Mapping[Phase, Callable[[Runner, Action], Observation]] = {
    Phase.CREATING: Runner._create,
    Phase.MOVING: Runner._move,
    Phase.VERIFYING: Runner._verify,
    Phase.RECONCILING: Runner._reconcile,
    Phase.REVERTING: Runner._revert,
    Phase.RESTORING: Runner._restore,
}
