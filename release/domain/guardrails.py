"""What SageMaker lets a guarded update be, and what its alarms need. Pure; asked before anything is made.

SageMaker moves the traffic of a guarded update by itself, and its alarms alone take it back. Its limits are
those of the API reference, TrafficRoutingConfig and BlueGreenUpdatePolicy.

**The watch.** An alarm sees a fault after a whole period of it at the earliest: SageMaker publishes an
endpoint's metrics once a minute ("Amazon SageMaker AI metrics in Amazon CloudWatch"), and CloudWatch
evaluates an alarm once a minute ("Using Amazon CloudWatch alarms"). A watch that ends before is no watch.
`WaitIntervalInSeconds` passes between two shifts, `TerminationWaitInSeconds` after the last, before the old
fleet ends. The last is the final bake: the developer guide sets no other time for it where all traffic moves
at once.
"""

import math
from collections.abc import Iterator

from release.domain.pins import EndpointSettings, Instances, RolloutSettings, is_burstable

ALARM_PERIOD_SECONDS = 60
ALARM_PERIODS = 1
"""Of the alarms of an endpoint: one bad minute rings."""

RING_SECONDS = (ALARM_PERIODS + 3) * ALARM_PERIOD_SECONDS
"""The longest until they ring: the minute that had begun before, the bad ones, delivery, evaluation."""

GUARDED = ("all-at-once", "canary", "linear")
"""Strategies whose traffic SageMaker moves, under the endpoint's alarms."""

ROUTING = "TrafficRoutingConfig in SageMaker's API reference"
LEAST_LINEAR_PERCENT = 10
LEAST_TO_SPLIT = 2
"""Instances: a step activates at most half of them."""


def problems(settings: EndpointSettings) -> list[str]:
    """What of an endpoint's settings SageMaker would refuse, or its alarms could not watch; empty if nothing.

    Every strategy that may be used is asked about, and each answer names the key.
    """
    rollout = settings.rollout
    strategies = dict.fromkeys((rollout.strategy, *rollout.allow))
    found = (_problems(s, rollout, settings.instances) for s in strategies if s in GUARDED)
    return list(
        dict.fromkeys(problem for of_one in (*found, _scaling(settings.instances)) for problem in of_one)
    )


def _scaling(instances: Instances) -> Iterator[str]:
    if is_burstable(instances.type) and instances.scales:
        yield (
            f"instances: {instances.type} is a burstable type, and SageMaker does not scale those by itself: "
            f"min ({instances.min}) and max ({instances.max}) have to be the same, or use another type"
        )


def _problems(strategy: str, rollout: RolloutSettings, instances: Instances) -> Iterator[str]:
    yield from watch_problems(strategy, rollout)
    if strategy != "all-at-once" and instances.min < LEAST_TO_SPLIT:
        yield (
            f"instances.min is {instances.min}, and {strategy} gives a new fleet its traffic by at most half "
            f"of its instances at a time ({ROUTING}). Set at least {LEAST_TO_SPLIT}, or use another strategy"
        )


def watch_problems(strategy: str, rollout: RolloutSettings) -> Iterator[str]:
    """What of these settings SageMaker would refuse, or the alarms could not watch, by a guarded strategy."""
    termination = rollout.termination_seconds
    if strategy == "all-at-once":
        if 0 < termination < RING_SECONDS:
            yield f"{_unwatched('termination_seconds', termination, strategy)}, or 0 for no watch at all"
        yield from _too_long(termination, rollout)
        return
    for key, seconds in (("wait_seconds", rollout.wait_seconds), ("termination_seconds", termination)):
        if seconds < RING_SECONDS:
            yield _unwatched(key, seconds, strategy)
    step = rollout.step_percent
    if strategy == "linear" and step < LEAST_LINEAR_PERCENT:
        yield (
            f"rollout.step_percent is {step}, and a step of linear is {LEAST_LINEAR_PERCENT} to 50 % of the "
            f"capacity ({ROUTING}). Set at least {LEAST_LINEAR_PERCENT}"
        )
    shifts = 2 if strategy == "canary" else math.ceil(100 / step)
    yield from _too_long(shifts * rollout.wait_seconds + termination, rollout)


def _unwatched(key: str, seconds: int, strategy: str) -> str:
    return (
        f"rollout.{key} is {seconds}, and the alarms need {RING_SECONDS} s until they ring: {strategy} would "
        f"go on before. Set at least {RING_SECONDS}"
    )


def _too_long(waits: int, rollout: RolloutSettings) -> Iterator[str]:
    if waits >= rollout.timeout_seconds:
        yield (
            f"rollout.timeout_seconds is {rollout.timeout_seconds}, and the waits alone take {waits} s: no "
            "rollout would end in time (MaximumExecutionTimeoutInSeconds of BlueGreenUpdatePolicy in "
            "SageMaker's API reference). Set more than that and the time of a start, or shorten the waits"
        )
