"""All traffic at once, to a new fleet that is up and answers its ping; the stage's alarms watch."""

from release.rollout.strategies.step import Context, Step


def steps(context: Context) -> tuple[Step, ...]:
    """One update, in one shift."""
    return (context.guarded("ALL_AT_ONCE"),)
