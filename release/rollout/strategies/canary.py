"""SageMaker's canary guardrail: a first part of the capacity, a wait under alarms, then the rest."""

from release.domain.deployment import Deployment
from release.rollout.strategies.step import Context, Step


def steps(context: Context) -> tuple[Step, ...]:
    """One update, which SageMaker itself carries out in parts."""
    settings = context.settings
    deployment = Deployment(
        "CANARY", settings.step_percent, settings.wait_seconds, settings.timeout_seconds, context.alarms
    )
    return (Step(context.arrived, deployment),)
