"""How traffic gets from the live release to the one that comes: one strategy a file.

A strategy is a pure function from the rollout's context to its steps. The machine counts them, the runner
moves to each step's config and verifies it before the next one.
"""

from collections.abc import Callable, Mapping

from release.rollout.strategies import all_at_once, canary, judged, linear, shadow
from release.rollout.strategies.step import Context, Step

Strategy = Callable[[Context], tuple[Step, ...]]

STRATEGIES: Mapping[str, Strategy] = {
    "all-at-once": all_at_once.steps,
    "canary": canary.steps,
    "linear": linear.steps,
    "judged": judged.steps,
    "shadow": shadow.steps,
}
"""By the name that a stage's data gives under `rollout: {strategy: …}`. A rollback is always `way_back`."""
