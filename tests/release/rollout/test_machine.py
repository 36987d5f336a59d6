"""The rollout's machine, exhaustively: every state with everything that can be seen in it."""

from itertools import product

import pytest

from release.domain.ledger import End, Phase
from release.rollout import machine
from release.rollout.machine import TRANSITIONS, Action, Done, Observation, Rests, Seen, Signal, State

MOST_STEPS = 3
NOTHING = Observation(Seen.NOTHING)
SEEN = (Observation(Seen.DONE), Observation(Seen.REFUSED, "a wrong answer"))
WATCHES = [watched for steps in range(1, MOST_STEPS + 1) for watched in product((False, True), repeat=steps)]


def rests(watched):
    """Where an experiment may stay: at the last watched step beside live, before the one alone."""
    return (None, len(watched) - 2) if len(watched) > 1 and watched[-2] else (None,)


STATES = [
    State(phase, watched, creates, step, reason, rests_at)
    for phase, watched, creates, reason in product(Phase, WATCHES, (True, False), ("", "no ping"))
    for rests_at in rests(watched)
    for step in range(len(watched))
    if phase is not Phase.JUDGING or watched[step]
    if phase is not Phase.EXPERIMENTING or step == rests_at
]


def observations(state):
    """What can be seen in a state: an opened rollout has no work of its own."""
    return (NOTHING,) if state.phase is Phase.OPENED else SEEN


def ways(state):
    """Every way from `state` to an end: the actions on it, and the end."""
    for observation in observations(state):
        found = machine.next(state, observation)
        if isinstance(found, Done):
            yield [], found
            continue
        assert isinstance(found, Action)
        for actions, end in ways(machine.entered(state, found)):
            yield [found, *actions], end


def test_every_state_and_signal_is_in_the_table_or_never_comes_up():
    come_up = set()
    for state in STATES:
        for observation in observations(state):
            come_up.add((state.phase, machine._signal(state, observation)))
            assert isinstance(machine.next(state, observation), Action | Done)
    never = set(product(Phase, Signal)) - come_up
    assert come_up == set(TRANSITIONS)
    assert never.isdisjoint(TRANSITIONS)


def test_every_phase_but_the_first_is_reached_and_so_is_every_end_but_a_persons():
    targets = set(TRANSITIONS.values())
    assert {target for target in targets if isinstance(target, Phase)} == set(Phase) - {Phase.OPENED}
    assert {target for target in targets if isinstance(target, End)} == set(End) - {End.UNLOCKED}


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_can_end_well_and_with_a_person(phase):
    ends = {end.end for state in STATES if state.phase is phase for _, end in ways(state)}
    taken_back = phase in {Phase.REVERTING, Phase.RESTORING}
    assert ends == {End.REVERTED, End.HELD} | (set() if taken_back else {End.LANDED})


def test_whatever_is_seen_a_rollout_ends():
    for state in STATES:
        for actions, _ in ways(state):
            assert len(actions) <= 3 * MOST_STEPS + 5


def test_no_way_comes_to_the_same_phase_and_step_twice():
    """So each phase is recorded once, and what a phase recorded last is where a dead rollout stands."""
    for state in STATES:
        for actions, _ in ways(state):
            stops = [(action.phase, action.step) for action in actions]
            assert len(set(stops)) == len(stops)


def test_a_way_forward_verifies_every_step_and_judges_what_is_watched_before_the_next():
    state = State(Phase.OPENED, watched=(False, True, True))
    (way,) = [actions for actions, end in ways(state) if end.end is End.LANDED]
    assert [(action.phase, action.step) for action in way] == [
        (Phase.CREATING, 0),
        (Phase.MOVING, 0),
        (Phase.VERIFYING, 0),
        (Phase.MOVING, 1),
        (Phase.VERIFYING, 1),
        (Phase.JUDGING, 1),
        (Phase.MOVING, 2),
        (Phase.VERIFYING, 2),
        (Phase.JUDGING, 2),
        (Phase.RECONCILING, 2),
    ]


def test_a_rollback_moves_at_once_and_makes_nothing():
    found = machine.next(State(Phase.OPENED, (False,), creates=False), NOTHING)
    assert found == Action(Phase.MOVING)
    assert machine.next(State(Phase.OPENED, (False,)), NOTHING) == Action(Phase.CREATING)


def test_traffic_goes_back_before_the_pins_do():
    for state in STATES:
        for actions, end in ways(state):
            phases = [action.phase for action in actions]
            if end.end is End.REVERTED and state.phase is not Phase.RESTORING:
                assert phases[-1] is Phase.RESTORING
                assert (phases[-2:-1] or [state.phase]) == [Phase.REVERTING]


def test_nothing_seen_yet_does_the_phase_itself_again():
    for state in STATES:
        if state.phase is not Phase.OPENED:
            assert machine.next(state, NOTHING) == Action(state.phase, state.step, state.reason)


def test_only_a_verified_step_leads_to_the_next_one_and_a_watched_one_only_after_its_judge():
    for state in STATES:
        for observation in observations(state):
            found = machine.next(state, observation)
            if isinstance(found, Action) and found.step != state.step:
                left = Phase.JUDGING if state.watched[state.step] else Phase.VERIFYING
                left = Phase.EXPERIMENTING if state.step == state.rests_at else left
                assert (state.phase, observation.seen) == (left, Seen.DONE)
                assert (found.phase, found.step) == (Phase.MOVING, state.step + 1)


def test_why_it_is_taken_back_is_known_to_the_end():
    for state in STATES:
        if state.phase is Phase.OPENED:
            continue
        refused = machine.next(state, Observation(Seen.REFUSED, "a wrong answer"))
        assert isinstance(refused, Action | Done)
        assert refused.reason == "a wrong answer"
        if isinstance(refused, Action):
            for actions, end in ways(machine.entered(state, refused)):
                reasons = {action.reason for action in actions} | {end.reason}
                assert reasons <= {"a wrong answer"}
        done = machine.next(state, Observation(Seen.DONE))
        assert isinstance(done, Action | Done)
        assert done.reason == state.reason


def test_an_experiment_stays_after_the_judge_until_a_person_ends_it():
    watched = (False, True, True, True)
    state = State(Phase.JUDGING, watched, step=2, rests_at=2)
    assert machine.next(state, Observation(Seen.DONE)) == Action(Phase.EXPERIMENTING, 2)
    runs = State(Phase.EXPERIMENTING, watched, step=2, rests_at=2)
    assert machine.next(runs, Observation(Seen.WAITS)) == Rests()
    assert machine.next(runs, Observation(Seen.DONE)) == Action(Phase.MOVING, 3)
    assert machine.next(State(Phase.JUDGING, watched, step=1, rests_at=2), Observation(Seen.DONE)) == Action(
        Phase.MOVING, 2
    )


def test_a_state_follows_from_the_action_that_was_recorded():
    state = State(Phase.VERIFYING, (False,) * 3, True, 1)
    action = Action(Phase.MOVING, 2, "why")
    assert machine.entered(state, action) == State(Phase.MOVING, (False,) * 3, True, 2, "why")
