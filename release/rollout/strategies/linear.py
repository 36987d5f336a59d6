"""SageMaker's linear guardrail: equal parts of the capacity, a wait under alarms after each."""

from release.rollout.strategies.step import Context, Step


def steps(context: Context) -> tuple[Step, ...]:
    """One update, which SageMaker itself carries out in parts."""
    return (context.guarded("LINEAR"),)
