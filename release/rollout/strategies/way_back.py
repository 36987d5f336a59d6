"""The way back: everything at once, no waiting, no alarm.

An alarm that rings already must not refuse the way back.
"""

from release.domain.deployment import Deployment
from release.rollout.strategies.step import Context, Step

TIMEOUT_SECONDS = 28_800
"""The most that SageMaker allows (API reference of BlueGreenUpdatePolicy).

What does not end in its time is rolled back, and that would be to the release that has to go.
"""


def steps(context: Context) -> tuple[Step, ...]:
    """One update, in one shift."""
    return (Step(context.arrived, DEPLOYMENT),)


DEPLOYMENT = Deployment(
    "ALL_AT_ONCE",
    step_percent=100,
    wait_seconds=0,
    termination_seconds=0,
    timeout_seconds=TIMEOUT_SECONDS,
    alarms=(),
)
