"""How SageMaker is asked to move traffic from one endpoint config to another, as a value.

Pure. Which deployment a rollout uses is its strategy's decision (`release/rollout/strategies/`).
"""

from dataclasses import dataclass
from typing import Any, Literal

from release.domain import names

Routing = Literal["ALL_AT_ONCE", "CANARY", "LINEAR"]


@dataclass(frozen=True)
class Deployment:
    """A blue/green update: a new fleet takes traffic as `routing` says, then the old one ends.

    `wait_seconds` pass between two shifts, `termination_seconds` after the last before the old fleet ends.
    Until then a ringing alarm of `alarms` takes the update back.
    """

    routing: Routing
    step_percent: int
    wait_seconds: int
    termination_seconds: int
    timeout_seconds: int
    alarms: tuple[str, ...]


def alarm_names(watched: str) -> tuple[str, ...]:
    """The alarms of an endpoint, or of the fleets of one endpoint config, by its name in SageMaker.

    `./slipway doctor` looks at an endpoint's. A config's take the guarded update to it back: they do not see
    the fleet that serves meanwhile, whose answers would hide a canary's errors, or whose errors would refuse
    what mends them.
    """
    return (names.alarm(watched, "errors"), names.alarm(watched, "latency"))


def deployment_config(deployment: Deployment) -> dict[str, Any]:
    """`DeploymentConfig` of UpdateEndpoint, as SageMaker's API spells it."""
    routing: dict[str, Any] = {
        "Type": deployment.routing,
        "WaitIntervalInSeconds": deployment.wait_seconds,
    }
    step = {"Type": "CAPACITY_PERCENT", "Value": deployment.step_percent}
    match deployment.routing:
        case "CANARY":
            routing["CanarySize"] = step
        case "LINEAR":
            routing["LinearStepSize"] = step
    config: dict[str, Any] = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": deployment.termination_seconds,
            "MaximumExecutionTimeoutInSeconds": deployment.timeout_seconds,
        }
    }
    if deployment.alarms:
        config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in deployment.alarms]}
    return config
