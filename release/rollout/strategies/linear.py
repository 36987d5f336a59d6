"""SageMaker's linear guardrail: equal parts of the capacity, a wait under alarms after each."""

from release.domain.deployment import Deployment
from release.rollout.strategies.step import Context, Step


def steps(context: Context) -> tuple[Step, ...]:
    """One update, which SageMaker itself carries out in parts."""
    settings = context.settings
    deployment = Deployment(
        "LINEAR", settings.step_percent, settings.wait_seconds, settings.timeout_seconds, context.alarms
    )
    return (Step(context.arrived, deployment),)
