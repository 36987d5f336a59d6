"""The rollout as a state machine: where it stands and what was seen decide what is done next.

Pure. `runner.py` records each action's phase in the ledger, carries the action out and says what was seen.
The work of every phase can be done twice, so a rollout that died goes on at the phase it recorded last.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from release.domain.ledger import End, Phase


class Seen(StrEnum):
    """What the work of a phase came to. What could not be told is an error, not one of these."""

    NOTHING = "nothing"
    """No work was done yet: the rollout was just opened, or is resumed."""
    DONE = "done"
    """It is as the phase wants it."""
    REFUSED = "refused"
    """A definite no: the release, or the service, cannot or must not go on."""
    WAITS = "waits"
    """An experiment runs, and no person has ended it."""


@dataclass(frozen=True)
class Observation:
    """What the runner saw, and for a refusal why."""

    seen: Seen
    reason: str = ""


@dataclass(frozen=True)
class State:
    """Where a rollout stands: its phase, the strategy's step, and why it is taken back, when it is."""

    phase: Phase
    watched: tuple[bool, ...]
    """For each of the strategy's steps, at least one, whether it is watched before it is left."""
    creates: bool = True
    """Whether the candidate's model and configs are to be made first; a rollback finds them there."""
    step: int = 0
    reason: str = ""
    rests_at: int | None = None
    """The step at which an experiment stays until a person ends it."""


@dataclass(frozen=True)
class Action:
    """The next phase to record, and then to carry out."""

    phase: Phase
    step: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Rests:
    """An experiment runs. The rollout stays open, and nobody has to be at work."""


@dataclass(frozen=True)
class Done:
    """The rollout is over; `reason` says why when it did not land."""

    end: End
    reason: str = ""


class Signal(StrEnum):
    """The columns of the transition table."""

    FORWARD = "opened, and the candidate has to be made"
    BACK = "opened, and what is wanted is there"
    WATCH = "done, and the step is watched"
    COMPARE = "done, and an experiment begins"
    MORE = "done, and the strategy has another step"
    DONE = "done"
    REFUSED = "refused"


TRANSITIONS: dict[tuple[Phase, Signal], Phase | End] = {
    (Phase.OPENED, Signal.FORWARD): Phase.CREATING,
    (Phase.OPENED, Signal.BACK): Phase.MOVING,
    (Phase.CREATING, Signal.DONE): Phase.MOVING,
    (Phase.CREATING, Signal.REFUSED): Phase.REVERTING,
    (Phase.MOVING, Signal.DONE): Phase.VERIFYING,
    (Phase.MOVING, Signal.REFUSED): Phase.REVERTING,
    (Phase.VERIFYING, Signal.WATCH): Phase.JUDGING,
    (Phase.VERIFYING, Signal.MORE): Phase.MOVING,
    (Phase.VERIFYING, Signal.DONE): Phase.RECONCILING,
    (Phase.VERIFYING, Signal.REFUSED): Phase.REVERTING,
    (Phase.JUDGING, Signal.COMPARE): Phase.EXPERIMENTING,
    (Phase.JUDGING, Signal.MORE): Phase.MOVING,
    (Phase.JUDGING, Signal.DONE): Phase.RECONCILING,
    (Phase.JUDGING, Signal.REFUSED): Phase.REVERTING,
    (Phase.EXPERIMENTING, Signal.MORE): Phase.MOVING,
    (Phase.EXPERIMENTING, Signal.REFUSED): Phase.REVERTING,
    (Phase.RECONCILING, Signal.DONE): End.LANDED,
    (Phase.RECONCILING, Signal.REFUSED): Phase.REVERTING,
    (Phase.REVERTING, Signal.DONE): Phase.RESTORING,
    (Phase.REVERTING, Signal.REFUSED): End.HELD,
    (Phase.RESTORING, Signal.DONE): End.REVERTED,
    (Phase.RESTORING, Signal.REFUSED): End.HELD,
}
"""Every transition there is."""


def next(  # noqa: A001 - the machine's one verb
    state: State, observation: Observation
) -> Action | Rests | Done:
    """What is to be done after `observation` in `state`: an action to record and carry out, or the end.

    Where nothing was seen yet, the state's own phase is carried out (again). An experiment that runs rests.
    """
    if observation.seen is Seen.WAITS:
        return Rests()
    if observation.seen is Seen.NOTHING and state.phase is not Phase.OPENED:
        return Action(state.phase, state.step, state.reason)
    signal = _signal(state, observation)
    target = TRANSITIONS[state.phase, signal]
    reason = observation.reason or state.reason
    if isinstance(target, End):
        return Done(target, reason)
    return Action(target, state.step + 1 if signal is Signal.MORE else state.step, reason)


def _signal(state: State, observation: Observation) -> Signal:
    if state.phase is Phase.OPENED:
        return Signal.FORWARD if state.creates else Signal.BACK
    if observation.seen is Seen.REFUSED:
        return Signal.REFUSED
    if state.phase is Phase.VERIFYING and state.watched[state.step]:
        return Signal.WATCH
    if state.phase is Phase.JUDGING and state.step == state.rests_at:
        return Signal.COMPARE
    goes_on = state.phase in {Phase.VERIFYING, Phase.JUDGING, Phase.EXPERIMENTING}
    if goes_on and state.step + 1 < len(state.watched):
        return Signal.MORE
    return Signal.DONE


def entered(state: State, action: Action) -> State:
    """The state once `action` is on record."""
    return replace(state, phase=action.phase, step=action.step, reason=action.reason)
