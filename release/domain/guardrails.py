"""How long a guarded update is watched, held against what its alarms need. Pure, when the settings are read.

SageMaker moves the traffic of a guarded update by itself, and its alarms alone take it back. An alarm sees a
fault after a whole period of it at the earliest: SageMaker publishes an endpoint's metrics once a minute
("Amazon SageMaker AI metrics in Amazon CloudWatch"), and CloudWatch evaluates an alarm once a minute ("Using
Amazon CloudWatch alarms"). A watch that ends before is no watch.

`WaitIntervalInSeconds` passes between two shifts, `TerminationWaitInSeconds` after the last, before the old
fleet ends (API reference of TrafficRoutingConfig and BlueGreenUpdatePolicy). The last is the final bake: the
developer guide sets no other time for it where all traffic moves at once.
"""

from typing import Protocol

ALARM_PERIOD_SECONDS = 60
ALARM_PERIODS = 1
"""Of the alarms of an endpoint: one bad minute rings."""

RING_SECONDS = (ALARM_PERIODS + 3) * ALARM_PERIOD_SECONDS
"""The longest until they ring: the minute that had begun before, the bad ones, delivery, evaluation."""

GUARDED = ("all-at-once", "canary", "linear")
"""Strategies whose traffic SageMaker moves, under the endpoint's alarms."""


class Rollout(Protocol):
    """Of an endpoint's settings, what a guarded update is asked for with."""

    @property
    def wait_seconds(self) -> int:
        """Between two shifts."""
        ...

    @property
    def termination_seconds(self) -> int:
        """After the last."""
        ...


def problem(strategy: str, rollout: Rollout) -> str | None:
    """Why a rollout by `strategy` would not be guarded as its settings say, or None."""
    if strategy not in GUARDED:
        return None
    watches = {"termination_seconds": rollout.termination_seconds}
    if strategy != "all-at-once":
        watches["wait_seconds"] = rollout.wait_seconds
    elif not rollout.termination_seconds:
        return None
    for key, seconds in watches.items():
        if seconds < RING_SECONDS:
            unwatched = ", or 0 for no watch at all" if strategy == "all-at-once" else ""
            return (
                f"rollout.{key} is {seconds}, and the alarms need {RING_SECONDS} s until they ring: "
                f"{strategy} would go on before. Set at least {RING_SECONDS}{unwatched}"
            )
    return None
