"""Experiments in memory: a stage whose judge decides within seconds, and the one that brings releases."""

from release.domain.experiment import Concluded, Experiment
from release.operations.experiment import Running, start
from release.operations.promote import Order
from tests.fakes.world import FakeStage, FakeWorld, Told
from tests.release.rollout import judged_scenes
from tests.release.scenes import serving

ASKED = Experiment(percent=50, outcome="on_time", base=0.245, minimum=0.02)
FROM_DEV = Order("prod")
STEPS = (5, 20, 70)
"""Of the stage's settings: those below the experiment's share are taken."""


def stages() -> tuple[FakeStage, FakeStage]:
    """A first stage that serves what is to be compared, and the one that compares."""
    return serving(2, 0, stage="dev"), judged_scenes.stage(steps=STEPS)


def begun(world: FakeWorld, told: Told | None = None) -> Running:
    """An experiment that runs in prod."""
    return start(world, FROM_DEV, ASKED, told or Told())


def ended(keep: str) -> Concluded:
    """A person's word."""
    return Concluded.model_validate({"keep": keep, "because": "two points", "shown": "better"})
