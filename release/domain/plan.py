"""What an endpoint's pins mean in SageMaker: models, endpoint configs and the endpoint, as values.

Pure: the Pulumi program declares this plan, the landed check compares SageMaker with it, and a rollback
takes the previous config's name from it. Nothing here talks to AWS.
"""

from dataclasses import dataclass
from typing import Any

from release.domain import names
from release.domain.pins import EndpointSettings, Instances, ReleasePin, Rollout

WAY_BACK = "way-back"
"""The metric part of the name of the alarm that watches a rollback and never rings."""


@dataclass(frozen=True)
class ModelPlan:
    """One SageMaker model."""

    name: str
    image: str
    model: str


@dataclass(frozen=True)
class ConfigPlan:
    """One endpoint config: a single variant that serves one model. `name` is the hash of the rest."""

    name: str
    variant: str
    model_name: str
    instance_type: str
    capacity: int
    weight: float = 1.0


@dataclass(frozen=True)
class DeploymentPlan:
    """How SageMaker moves traffic to this config; any of `alarms` takes the update back."""

    strategy: str
    step_percent: int
    wait_seconds: int
    timeout_seconds: int
    alarms: tuple[str, ...]


@dataclass(frozen=True)
class EndpointPlan:
    """Everything SageMaker holds for one endpoint of a stage."""

    endpoint: str
    models: tuple[ModelPlan, ...]
    configs: tuple[ConfigPlan, ...]
    live: ConfigPlan | None
    live_digest: str | None
    deployment: DeploymentPlan | None


def endpoint_plan(stage: str, name: str, settings: EndpointSettings) -> EndpointPlan:
    """The plan of endpoint `name` in `stage`.

    Models and configs of every pinned release are in it, live first, each once: a rollback to a config that
    still has the live one's content needs no second copy.
    """
    models = {m.name: m for m in (model_plan(stage, name, pin) for pin in settings.pins)}
    configs = {
        c.name: c for c in (config_plan(stage, name, pin, settings.instances) for pin in settings.pins)
    }
    live = settings.live
    return EndpointPlan(
        endpoint=names.endpoint(name, stage),
        models=tuple(models.values()),
        configs=tuple(configs.values()),
        live=config_plan(stage, name, live, settings.instances) if live else None,
        live_digest=live.digest if live else None,
        deployment=deployment_plan(stage, name, settings.rollout, live) if live else None,
    )


def model_plan(stage: str, name: str, pin: ReleasePin) -> ModelPlan:
    """The SageMaker model of a pinned release."""
    return ModelPlan(names.model(name, stage, pin.release), pin.image, pin.model)


def config_plan(stage: str, name: str, pin: ReleasePin, instances: Instances) -> ConfigPlan:
    """The endpoint config of a pinned release; its name changes exactly when its content does."""
    content: dict[str, Any] = {
        "variant": names.VARIANT,
        "model_name": names.model(name, stage, pin.release),
        "instance_type": instances.type,
        "capacity": pin.capacity,
        "weight": 1.0,
    }
    return ConfigPlan(name=names.endpoint_config(name, stage, content), **content)


def deployment_plan(stage: str, name: str, rollout: Rollout, live: ReleasePin) -> DeploymentPlan:
    """How the live config got, or gets, its traffic.

    After a rollback the endpoint keeps the rollback's deployment settings. They stay declared until the next
    rollout, so that reconciling the stack asks SageMaker for nothing.
    """
    if live.via == "rollback":
        return rollback_deployment(stage, name)
    return DeploymentPlan(
        strategy=rollout.strategy,
        step_percent=rollout.step_percent,
        wait_seconds=rollout.wait_seconds,
        timeout_seconds=rollout.timeout_seconds,
        alarms=alarm_names(stage, name),
    )


def rollback_deployment(stage: str, name: str) -> DeploymentPlan:
    """The way back: everything at once, no waiting, watched only by an alarm that never rings.

    An alarm that rings already must not refuse the way back. There has to be one all the same: the AWS
    provider replaces an endpoint, with an outage, when its auto-rollback configuration appears or goes.
    """
    way_back = (names.alarm(name, stage, WAY_BACK),)
    return DeploymentPlan(
        "all-at-once", step_percent=100, wait_seconds=0, timeout_seconds=3600, alarms=way_back
    )


def alarm_names(stage: str, name: str) -> tuple[str, ...]:
    """The alarms that watch an update of this endpoint."""
    return (names.alarm(name, stage, "errors"), names.alarm(name, stage, "latency"))


def deployment_config(plan: DeploymentPlan) -> dict[str, Any]:
    """`DeploymentConfig` of CreateEndpoint and UpdateEndpoint, as SageMaker's API spells it."""
    routing: dict[str, Any] = {"WaitIntervalInSeconds": plan.wait_seconds}
    step = {"Type": "CAPACITY_PERCENT", "Value": plan.step_percent}
    match plan.strategy:
        case "canary":
            routing |= {"Type": "CANARY", "CanarySize": step}
        case "linear":
            routing |= {"Type": "LINEAR", "LinearStepSize": step}
        case _:
            routing |= {"Type": "ALL_AT_ONCE"}
    config: dict[str, Any] = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": 0,
            "MaximumExecutionTimeoutInSeconds": plan.timeout_seconds,
        }
    }
    if plan.alarms:
        config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": alarm} for alarm in plan.alarms]}
    return config
