"""All traffic at once, to a new fleet that is up and answers its ping; the stage's alarms watch."""

from release.domain.deployment import Deployment
from release.rollout.strategies.step import Context, Step


def steps(context: Context) -> tuple[Step, ...]:
    """One update, in one shift."""
    settings = context.settings
    deployment = Deployment(
        "ALL_AT_ONCE", settings.step_percent, settings.wait_seconds, settings.timeout_seconds, context.alarms
    )
    return (Step(context.arrived, deployment),)
