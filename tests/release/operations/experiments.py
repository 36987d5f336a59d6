"""Experiments in memory: a stage whose judge decides within seconds, and the one that brings releases."""

from release.domain import plan
from release.domain.experiment import Concluded, Experiment
from release.operations.experiment import Running, start
from release.operations.promote import Order
from tests.fakes.world import FakeStage, FakeWorld, Told
from tests.release.rollout import judged_scenes
from tests.release.rollout.judged_scenes import model_of, opened
from tests.release.scenes import ENDPOINT, NAME, pins_now, serving

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


def weights(stage):
    """Those of the variants that serve now."""
    return {variant["VariantName"]: variant["CurrentWeight"] for variant in described(stage)}


def described_config(stage):
    return stage.sagemaker.describe(NAME)["EndpointConfigName"]


def described(stage):
    return stage.sagemaker.describe(NAME)["ProductionVariants"]


def settled(stage):
    """The config that an experiment asks for."""
    found = opened(stage).opened
    return plan.compared_plan("prod", ENDPOINT, found.before, found.after, ASKED.percent)


def fenced(prod, release):
    """Whether a fence of the release stands."""
    found = prod.fences.of(release)
    return found is not None and found.stands


def sicken(prod, release):
    """The candidate answers with errors."""
    candidate = pins_now(prod).candidate
    if candidate is not None and candidate.release == release:
        prod.evidence.sick.add(model_of(candidate))
