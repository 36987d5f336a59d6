"""SageMaker's canary guardrail: a first part of the capacity, a wait under alarms, then the rest."""

from release.rollout.strategies.step import Context, Step


def steps(context: Context) -> tuple[Step, ...]:
    """One update, which SageMaker itself carries out in parts."""
    return (context.guarded("CANARY"),)
