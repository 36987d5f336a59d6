"""How SageMaker moves an endpoint's traffic where Terraform asks for it, and what takes it back. Pure.

Terraform's one call is an UpdateEndpoint under SageMaker's guardrails. A judged or a shadow rollout is
Slipway's: of such an endpoint the very release was judged in its stage, and moves as a canary here, where its
fleet can be split. The settings of a canary, which its stage never uses, are then asked about here.
"""

from typing import Any, Final

from release.domain import guardrails
from release.domain.deployment import Routing
from release.domain.errors import UsageError
from release.domain.exported import ExportedEndpoint
from release.domain.health import guards
from release.domain.health.alarm import Alarm, Reading
from release.domain.pins import Strategy

STRATEGIES: Final[dict[Routing, Strategy]] = {
    "ALL_AT_ONCE": "all-at-once",
    "CANARY": "canary",
    "LINEAR": "linear",
}
"""What a stage calls each way to move traffic."""


def deployment(endpoint: ExportedEndpoint) -> dict[str, Any]:
    """The blue/green policy of an update, and the alarms that take it back: those of the fleet that comes.

    Raises UsageError for an update that SageMaker would refuse, or that no alarm could take back.
    """
    rollout, routing = endpoint.settings.rollout, _routing(endpoint)
    _refuse_unwatched(endpoint, STRATEGIES[routing])
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


def _refuse_unwatched(endpoint: ExportedEndpoint, strategy: Strategy) -> None:
    """Raise UsageError for settings that the strategy does not take, which Terraform moves the traffic by."""
    rollout = endpoint.settings.rollout
    found = list(guardrails.watch_problems(strategy, rollout))
    if strategy == "all-at-once" and rollout.strategy != strategy and not rollout.termination_seconds:
        found.append(
            "rollout.termination_seconds is 0, and nothing would watch the new fleet. Set at least "
            f"{guardrails.RING_SECONDS}, which the alarms need until they ring"
        )
    if found:
        keys = "; ".join(f"slipway:endpoints.{endpoint.name}.{problem}" for problem in found)
        raise UsageError(
            f"Terraform would move {endpoint.name}, whose strategy is {rollout.strategy}, by SageMaker's "
            f"guardrails as {strategy}: {keys}",
            "Nothing was exported.",
            "Correct the named keys in the stage's file, or export another format.",
        )


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
