"""How SageMaker moves an endpoint's traffic where Terraform asks for it, and what takes it back. Pure.

Terraform's one call is an UpdateEndpoint under SageMaker's guardrails. A judged or a shadow rollout is
Slipway's: of such an endpoint the very release was judged in its stage, and moves as a canary here, where its
fleet can be split.
"""

from typing import Any

from release.domain import guardrails
from release.domain.deployment import Routing
from release.domain.exported import ExportedEndpoint
from release.domain.health import guards
from release.domain.health.alarm import Alarm, Reading


def deployment(endpoint: ExportedEndpoint) -> dict[str, Any]:
    """The blue/green policy of an update, and the alarms that take it back: those of the fleet that comes."""
    rollout, routing = endpoint.settings.rollout, _routing(endpoint)
    return {
        "routing": routing,
        "step_percent": None if routing == "ALL_AT_ONCE" else rollout.step_percent,
        "wait_seconds": 0 if routing == "ALL_AT_ONCE" else rollout.wait_seconds,
        "termination_seconds": rollout.termination_seconds,
        "timeout_seconds": rollout.timeout_seconds,
        "alarms": sorted(_pair(endpoint, endpoint.live.config.name)),
    }


def alarms(endpoint: ExportedEndpoint) -> dict[str, Any]:
    """The alarms of live's fleet and, for the way back, of previous's, by name."""
    configs = dict.fromkeys(each.config.name for each in endpoint.releases)
    pairs = (_pair(endpoint, config) for config in configs)
    return {name: _alarm(alarm) for pair in pairs for name, alarm in pair.items()}


def _routing(endpoint: ExportedEndpoint) -> Routing:
    """The strategy's own routing; of a fleet that cannot be split, all at once and watched."""
    if endpoint.settings.rollout.strategy == "all-at-once":
        return "ALL_AT_ONCE"
    if endpoint.live.pin.capacity < guardrails.LEAST_TO_SPLIT:
        return "ALL_AT_ONCE"
    return "LINEAR" if endpoint.settings.rollout.strategy == "linear" else "CANARY"


def _pair(endpoint: ExportedEndpoint, config: str) -> dict[str, Alarm]:
    pair = guards.of_fleet(endpoint.served_as, config, endpoint.settings.alarms)
    return {alarm.name: alarm for alarm in pair}


def _alarm(alarm: Alarm) -> dict[str, Any]:
    return {
        "says": alarm.says,
        "dimensions": dict(alarm.dimensions),
        "expression": alarm.expression,
        "bound": alarm.bound,
        "period": alarm.period,
        "periods": alarm.periods,
        "readings": [_reading(reading) for reading in alarm.readings],
    }


def _reading(reading: Reading) -> dict[str, str]:
    return {
        "id": reading.id,
        "namespace": reading.namespace,
        "metric": reading.metric,
        "statistic": reading.statistic,
    }
