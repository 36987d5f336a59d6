"""Promise 4 in memory: killed, failed and doubled at any moment, a stage ends whole, in every strategy."""

from collections import Counter
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from release.domain.plan import Split
from release.rollout import runner
from release.rollout.strategies import STRATEGIES, linear
from release.rollout.strategies.step import Context, Step
from tests.examples import examples, repeats
from tests.release.rollout.lives import SHARES, Life

COMMANDS = 8
"""Commands in one life."""
KINDS = (*STRATEGIES, "beside")


SPLITS = (Split(0), Split(5))


def beside_first(context: Context) -> tuple[Step, ...]:
    """A strategy of several steps: beside the live release at 0 %, then 5 %, then alone."""
    if context.before.live is None:
        return linear.steps(context)
    plain = (Step(context.beside(split), None, "candidate") for split in SPLITS)
    return (*plain, Step(context.arrived, None))


@pytest.fixture(scope="module", params=KINDS)
def strategy(request):
    """The name under which a stage's data asks for the strategy, and the splits that its stack declares.

    `beside` stands in for linear.
    """
    stepped = {"linear": beside_first} if request.param == "beside" else {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "STRATEGIES", {**STRATEGIES, **stepped})
        yield ("linear", SPLITS) if stepped else (request.param, ())


@pytest.mark.parametrize("runs", [1_000, pytest.param(10_000, marks=[pytest.mark.kill, pytest.mark.long])])
def test_troubled_runs_end_with_a_whole_stage(strategy, runs):
    done = troubles = seed = 0
    caught = Counter()
    while done < repeats(runs, 250) / len(KINDS):
        seed += 1
        life = Life(Random(seed), *strategy)  # noqa: S311 - lives, not secrets
        try:
            for _ in range(COMMANDS):
                life.live_on()
        except BaseException as error:
            error.add_note(f"in the life of seed {seed}")
            raise
        done += life.runs
        troubles += life.troubles
        caught += life.caught
    assert troubles > done / 10, "hardly anything went wrong: the test shows nothing"
    for wrong in ("never", "wrong", *(["sick"] if strategy[0] in SHARES else [])):
        assert caught[wrong] > done / 50, f"hardly any release that was {wrong} came: the test shows nothing"


class Lives(RuleBasedStateMachine):
    """The same, with hypothesis choosing the commands and the moments, and shrinking what it finds."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Life(Random(0), "canary")  # noqa: S311 - lives, not secrets

    @rule(seed=st.integers(0, 10_000), at=st.integers(1, 60))
    def a_command_in_trouble(self, seed, at):
        self.life.random = Random(seed)  # noqa: S311 - lives, not secrets
        self.life.live_on(at)

    @invariant()
    def whole(self):
        self.life.whole()


TestLives = Lives.TestCase
TestLives.settings = settings(examples(0.3), stateful_step_count=8)
