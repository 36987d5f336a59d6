"""Carries a rollout out: records each phase in the ledger, does its work through ports, tells the machine.

What comes next is `machine.py`'s decision, how traffic moves a strategy's. The work of every phase can be
done twice.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from release.domain import golden, landed, moves, names, plan
from release.domain.deployment import Deployment
from release.domain.errors import ApplyFailed, ServiceError, SlipwayError
from release.domain.landed import Description
from release.domain.ledger import Closed, End, Entered, OpenRollout, Phase
from release.domain.pins import Pins
from release.domain.plan import ConfigPlan
from release.ports import Busy, Event, StagePorts, Tell, Unreadable
from release.rollout import looking, machine, sight
from release.rollout.autoscaling import Autoscaling
from release.rollout.comparing import compare
from release.rollout.fencing import Fencing
from release.rollout.following import same_stack
from release.rollout.leaving import TakeBack
from release.rollout.machine import Action, Observation, Rests, Seen, State
from release.rollout.smoke import smoke
from release.rollout.strategies import STRATEGIES, way_back
from release.rollout.strategies.step import Context, Step
from release.rollout.waiting import settled
from release.rollout.watching import Watcher
from release.rollout.weights import ATTEMPTS, Weights, busy

LEAST_PATIENCE = 3600.0
GREETINGS = 100
"""Golden requests at a time that stand in for callers: some hundred prove that 1 % are not exceeded."""
DONE = Observation(Seen.DONE)


@dataclass(frozen=True)
class Ended:
    """How a rollout ended, why when it did not land, and the release that serves now (None: none).

    Without an end it is an experiment that runs: live and candidate both serve.
    """

    end: End | None
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
        self._entered = rollout.entered
        self._watcher = Watcher(ports, rollout, self._steps, tell)
        self._weights = Weights(ports, self._endpoint, self._settled, tell)
        self._scaling = Autoscaling(ports, rollout.subject.endpoint, tell)

    def run(self) -> Ended:
        """As the module's `run`."""
        creates = self._rollout.subject.kind != "rollback"
        watched = tuple(step.watch is not None for step in self._steps)
        found = self._rollout
        state = State(found.phase, watched, creates, found.step, found.reason, self._rests_at)
        seen = Observation(Seen.NOTHING)
        fencing = Fencing(self._ports, self._rollout, self._tell)
        with self._ports.ledger.heartbeat(self._rollout.id):
            fencing.opens()
            while isinstance(action := machine.next(state, seen), Action):
                if (action.phase, action.step) != (state.phase, state.step):
                    self._record(action)
                state = machine.entered(state, action)
                seen = _WORK[action.phase](self, action)
            if isinstance(action, Rests):
                return Ended(None, "", self._before.live.release if self._before.live else None)
            fencing.closes(action.end, action.reason)
            if action.end is not End.HELD:
                closed = Closed.model_validate({"event": action.end, "reason": action.reason})
                self._ports.ledger.append(self._rollout.subject, closed)
        live = self._after.live if action.end is End.LANDED else self._before.live
        return Ended(action.end, action.reason, live.release if live else None)

    @property
    def _rests_at(self) -> int | None:
        """An experiment stays at the last step at which the candidate stands beside live."""
        return len(self._steps) - 2 if self._rollout.opened.experiment else None

    @property
    def _before(self) -> Pins:
        return self._rollout.opened.before

    @property
    def _after(self) -> Pins:
        return self._rollout.opened.after

    @property
    def _moving(self) -> Pins:
        """The pins on the way. One that goes back has those from before until it landed: nothing comes."""
        if self._goes_back:
            return self._before
        beside = any(len(step.config.production + step.config.shadow) > 1 for step in self._steps)
        return moves.while_moving(self._before, self._after, beside)

    def _strategy(self) -> tuple[Step, ...]:
        subject, opened = self._rollout.subject, self._rollout.opened
        context = Context(self._ports.name, subject.endpoint, opened.before, opened.after, opened.rollout)
        if self._goes_back:
            return way_back.steps(context)
        return STRATEGIES[opened.rollout.strategy](context)

    @property
    def _goes_back(self) -> bool:
        return self._rollout.subject.kind == "rollback" or self._rollout.opened.mends

    def _record(self, action: Action) -> None:
        values = {"event": action.phase, "step": action.step, "reason": action.reason}
        entry = self._ports.ledger.append(self._rollout.subject, Entered.model_validate(values))
        self._entered = datetime.fromisoformat(entry.at)

    def _create(self, action: Action) -> Observation:
        release, stage = self._rollout.subject.release, self._ports.name
        moving = self._moving
        if not self._goes_back:
            self._say(f"pinning {release} in Pulumi.{stage}.yaml as the candidate", action)
        self._write(moving)
        if self._same_stack(self._before, moving) and self._all_there(moving):
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
        begun = self._watcher.begin(step)
        if isinstance(begun, TakeBack):
            return _refused(begun.reason)
        seen = self._ask_for(step.config, step.deployment, action)
        if seen.seen is Seen.REFUSED or step.watch is None:
            return seen
        self._ports.endpoints.hold_scaling(self._endpoint)
        problem = self._weights.shift(step.config)
        return _refused(problem) if problem else DONE

    def _verify(self, action: Action) -> Observation:
        step, aborted = self._steps[action.step], self._aborted()
        if aborted:
            return aborted
        self._say("asking SageMaker what it really serves", action)
        problem = self._disagreement(step.config)
        if not problem:
            self._scaling.give_back(step.config, held=step.watch is not None)
        if not problem and step.variant is not None:
            self._say("sending the golden requests", action)
            begun = self._ports.clock.now()
            problem = self._smoke(step) or self._unseen(step, begun, action) or self._compared(step, action)
        return _refused(problem) if problem else DONE

    def _unseen(self, step: Step, since: datetime, action: Action) -> str | None:
        """Why a container of others that is released here must not go on, by the windows that it prints."""
        first = next(one for one in self._steps if one.variant is not None)
        if self._rollout.subject.kind != "release" or step != first:
            return None
        content = self._ports.artifacts.manifest(self._rollout.subject.release)
        if content.foreign is None:
            return None
        said, variant = content.foreign.prints_windows, step.variant or names.LIVE
        self._say("looking whether it prints windows", action)
        printed = looking.prints_windows(self._ports, self._endpoint, variant, since, said)
        captured = sight.by_sagemaker(self._rollout.opened.after.live)
        if told := sight.remark(said, printed, captured):
            self._say(told, action)
        return sight.wrong(said, printed)

    def _compared(self, step: Step, action: Action) -> str | None:
        """Why the candidate differs from live too much, where it stands beside it without traffic."""
        live = self._before.live
        if step.variant != names.CANDIDATE or step.share > 0 or live is None:
            return None
        if self._rollout.opened.callers_know:
            self._say("not compared with live on golden requests: its callers know that it differs", action)
            return None
        artifacts, ports = self._ports.artifacts, self._ports
        (coming, _), (served, _) = (
            artifacts.golden(artifacts.manifest(release))
            for release in (self._rollout.subject.release, live.release)
        )
        both = coming.model_copy(update={"requests": (*coming.requests, *served.requests)})
        found = compare(ports.endpoints, ports.clock, self._endpoint, both)
        if found is None:
            return None
        self._say(found.words(), action)
        with suppress(Unreadable):
            ports.evidence.keep(self._rollout.id, "golden", 0, [found.model_dump_json()])
        return golden.differs_too_much(found, coming.allowed, coming.span)

    def _aborted(self) -> Observation | None:
        order = self._watcher.order()
        return _refused(str(order)) if order is not None and order.wish == "abort" else None

    def _smoke(self, step: Step, least: int = 1) -> str | None:
        manifest = self._ports.artifacts.manifest(self._rollout.subject.release)
        requests, _ = self._ports.artifacts.golden(manifest)
        # Where it serves alone there is nobody else to aim past.
        aimed = step.variant if len(step.config.production) > 1 else None
        times = math.ceil(least / len(requests.requests))
        problems = (smoke(self._ports.endpoints, self._endpoint, requests, aimed) for _ in range(times))
        return next(filter(None, problems), None)

    def _judge(self, action: Action) -> Observation:
        step = self._steps[action.step]
        beside = bool(step.watch and step.watch.beside)
        self._say(
            f"the judge compares it with live, at {step.share} % of the traffic"
            if beside
            else "it serves alone, and is watched while it bakes",
            action,
        )
        # A stage's first release has no callers yet: the golden requests are its traffic.
        greet = (lambda: self._smoke(step, GREETINGS)) if self._before.live is None else lambda: None
        found, decided = self._watcher.watch(action.step, self._entered, greet)
        self._ports.ledger.append(self._rollout.subject, found)
        self._say(f"{found.decision} after {found.seconds:.0f} s: {found.because}", action)
        return _refused(decided.reason) if isinstance(decided, TakeBack) else DONE

    def _experiment(self, action: Action) -> Observation:
        """Both serve until a person ends it; the machine is told how."""
        concluded = self._rollout.concluded
        if concluded is None:
            return Observation(Seen.WAITS)
        return DONE if concluded.keep == "candidate" else _refused(concluded.words)

    def _reconcile(self, action: Action) -> Observation:
        """Only a release that is seen to serve may lead to a deletion, and it must still serve after it."""
        arrived = self._steps[-1].config
        problem = self._disagreement(arrived)
        if problem:
            return _refused(problem)
        release = self._rollout.subject.release
        moving = self._moving
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
        self._scaling.free(arrived)
        problem = self._disagreement(arrived)
        return _refused(problem) if problem else DONE

    def _revert(self, action: Action) -> Observation:
        self._say(f"taking it back: {action.reason}", action)
        config = self._served_before()
        if config is None:
            return DONE
        self._weights.none_to_the_candidate()
        if not self._is_there(config):
            # A fleet's old shape is named by no pin once the new one landed: it is made again first.
            self._write(self._moving)
            self._up()
        asked = self._ask_for(config, way_back.DEPLOYMENT, action)
        if asked.seen is Seen.REFUSED:
            return asked
        problem = self._disagreement(config)
        return _refused(problem) if problem else DONE

    def _restore(self, action: Action) -> Observation:
        moving = self._moving
        follows = not self._same_stack(moving, self._before)
        self._say(f"the pins are as they were{', and the stack follows' * follows}", action)
        self._write(self._before)
        if follows:
            self._up()
        config = self._served_before()
        if config is None and self._settled() is not None:
            # An endpoint whose very first create failed is in SageMaker, but not always in the stack.
            self._ports.endpoints.delete(self._endpoint)
        elif config is not None:
            self._scaling.free(config)
        problem = self._disagreement(config)
        return _refused(problem) if problem else DONE

    def _ask_for(self, config: ConfigPlan, deployment: Deployment | None, action: Action) -> Observation:
        """UpdateEndpoint to `config`, unless SageMaker serves it already or cannot be updated any more."""
        for _ in range(ATTEMPTS):
            description = self._settled()
            if description is None:
                return _refused(f"the endpoint {self._endpoint} does not exist")
            if description.get("EndpointStatus") == "Failed":
                return _refused(f"the endpoint is Failed: {landed.failure_reason(description)}")
            if description.get("EndpointConfigName") == config.name:
                return DONE
            self._say(f"UpdateEndpoint {self._endpoint} to {config.name}", action)
            # SageMaker's guardrails refuse an update that adds or removes a variant.
            guarded = deployment if landed.same_variants(config, description) else None
            self._scaling.make_way(config, description)
            try:
                self._ports.endpoints.update(self._endpoint, config.name, guarded)
            except Busy:
                # Autoscaling was first, or whoever gave it back, or it is this update, whose answer was lost.
                continue
            return DONE
        raise busy(self._endpoint)

    def _served_before(self) -> ConfigPlan | None:
        live = self._before.live
        return plan.config_plan(self._ports.name, self._rollout.subject.endpoint, live) if live else None

    def _disagreement(self, config: ConfigPlan | None) -> str | None:
        return landed.why(self._endpoint, config, self._settled())

    def _settled(self) -> Description | None:
        ports = self._ports
        return settled(ports.endpoints, ports.clock, self._endpoint, self._patience, self._tell)

    def _all_there(self, pins: Pins) -> bool:
        """Whether the endpoint, and all that these pins name, is in SageMaker."""
        wanted = plan.endpoint_plan(self._ports.name, self._rollout.subject.endpoint, pins)
        ask = self._ports.endpoints
        return (
            all(self._is_there(config) for config in (*wanted.configs, *(s.config for s in self._steps)))
            and all(ask.model_container(model.name) is not None for model in wanted.models)
            and ask.describe(self._endpoint) is not None
        )

    def _is_there(self, config: ConfigPlan) -> bool:
        return self._ports.endpoints.config_model(config.name) is not None

    def _same_stack(self, one: Pins, other: Pins) -> bool:
        return same_stack(self._ports, self._rollout.subject.endpoint, self._scaling, one, other)

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
    Phase.JUDGING: Runner._judge,
    Phase.EXPERIMENTING: Runner._experiment,
    Phase.RECONCILING: Runner._reconcile,
    Phase.REVERTING: Runner._revert,
    Phase.RESTORING: Runner._restore,
}
