"""One stage of Slipway in AWS, composed from its settings.

The same program for every stage and for the sandbox: stages differ by data only. It looks nothing up and
knows no time, so the same data always declares the same resources.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.arns import Place
from infra.components.alarms import AlarmTopic, AlarmTopicArgs, EndpointAlarms, EndpointAlarmsArgs
from infra.components.autoscaling import Autoscaling, AutoscalingArgs
from infra.components.health import EndpointHealth, EndpointHealthArgs
from infra.components.key import EncryptionKey, EncryptionKeyArgs
from infra.components.logs import EndpointLogs, EndpointLogsArgs
from infra.components.permissions import EndpointPermissions, EndpointPermissionsArgs
from infra.components.pipeline import PipelineRole, PipelineRoleArgs
from infra.components.registry import Registry, RegistryArgs
from infra.components.role import ExecutionRole, ExecutionRoleArgs
from infra.components.serving import Serving, ServingArgs
from infra.components.storage import Storage, StorageArgs
from infra.components.training import TrainingRole, TrainingRoleArgs
from release.domain import moves, names
from release.domain.health.serving import Watched
from release.domain.pins import EndpointSettings
from release.domain.plan import endpoint_plan
from release.domain.stage import StageSettings


@dataclass(frozen=True)
class Foundation:
    """What all endpoints of a stage share, and what a release needs before there is any endpoint."""

    key: EncryptionKey
    registry: Registry
    storage: Storage
    role: ExecutionRole
    topic: AlarmTopic
    pipeline: PipelineRole | None


def compose(settings: StageSettings, only: str | None = None) -> None:
    """Declare everything that the stage's settings ask for, and the stack's outputs.

    With `only`, of the endpoints this one alone: for an update whose targets are that endpoint's resources.
    """
    tags = {"project": names.PROJECT, "stage": settings.stage}
    foundation = _foundation(settings, tags)
    for name, endpoint in settings.endpoints.items():
        if only in (None, name):
            _endpoint(settings, name, endpoint, foundation, tags)
    pulumi.export("repository_url", foundation.registry.url)
    pulumi.export("bucket", foundation.storage.bucket)
    pulumi.export("key_arn", foundation.key.arn)
    pulumi.export("role_arn", foundation.role.arn)
    pulumi.export("topic_arn", foundation.topic.arn)
    if foundation.pipeline is not None:
        pulumi.export("pipeline_role_arn", foundation.pipeline.arn)
    pulumi.export("endpoints", _served(settings))


def _served(settings: StageSettings) -> dict[str, str]:
    """The endpoints that serve, or are about to, each with its name in SageMaker."""
    stage, endpoints = settings.stage, settings.endpoints.items()
    plans = {name: endpoint_plan(stage, name, endpoint.pins) for name, endpoint in endpoints}
    return {name: plan.endpoint for name, plan in plans.items() if plan.first}


def _foundation(settings: StageSettings, tags: Mapping[str, str]) -> Foundation:
    stage, place = settings.stage, Place(settings.account, settings.region)
    bucket = names.bucket(stage, settings.account, settings.region)
    key = EncryptionKey("key", EncryptionKeyArgs(stage, place, settings.protect, tags))
    kept = settings.retention
    registry = Registry(
        "registry",
        RegistryArgs(stage, key.arn, kept.untagged_image_days, settings.protect, tags),
    )
    storage = Storage(
        "storage",
        StorageArgs(
            bucket, place, key.arn, kept.capture_days, tuple(settings.endpoints), settings.protect, tags
        ),
    )
    role = ExecutionRole(
        "role",
        ExecutionRoleArgs(
            stage=stage,
            place=place,
            bucket=bucket,
            repository=names.repository(stage),
            key_arn=key.arn,
            log_groups=tuple(names.log_group(name, stage) for name in settings.endpoints),
            alarms=tuple(names.alarms_of(names.endpoint(name, stage)) for name in settings.endpoints),
            jobs=tuple(f"{names.endpoint(name, stage)}-*" for name in settings.endpoints),
            reads=settings.batch.reads,
            writes=settings.batch.writes,
            boundary=settings.permissions_boundary,
            tags=tags,
        ),
    )
    pipeline = _training(settings, key.arn, tags)
    topic = AlarmTopic("alerts", AlarmTopicArgs(stage, place, key.arn, settings.alerts.email, tags))
    return Foundation(key, registry, storage, role, topic, pipeline)


def _training(
    settings: StageSettings, key_arn: pulumi.Input[str], tags: Mapping[str, str]
) -> PipelineRole | None:
    """The roles of trainings, where any run in the stage; that of their pipelines is returned."""
    if settings.training is None:
        return None
    stage, place, boundary = (
        settings.stage,
        Place(settings.account, settings.region),
        settings.permissions_boundary,
    )
    bucket = names.bucket(stage, settings.account, settings.region)
    TrainingRole(
        "training",
        TrainingRoleArgs(stage, place, bucket, names.repository(stage), key_arn, boundary, tags),
    )
    if not settings.training.pipelines:
        return None
    return PipelineRole(
        "pipeline",
        PipelineRoleArgs(stage, place, tuple(settings.endpoints), bucket, key_arn, boundary, tags),
    )


def _endpoint(
    settings: StageSettings,
    name: str,
    endpoint: EndpointSettings,
    foundation: Foundation,
    tags: Mapping[str, str],
) -> None:
    """Declare one endpoint's resources."""
    stage, plan = settings.stage, endpoint_plan(settings.stage, name, endpoint.pins)
    watched = plan.watched.name if plan.watched else None
    alarms = EndpointAlarms(
        f"{name}-alarms",
        EndpointAlarmsArgs(plan.endpoint, watched, endpoint.alarms, tags),
    )
    EndpointHealth(
        f"{name}-health",
        EndpointHealthArgs(
            Watched(stage, name, endpoint),
            Place(settings.account, settings.region),
            foundation.topic.arn,
            tags,
        ),
    )
    logs = EndpointLogs(
        f"{name}-logs",
        EndpointLogsArgs(names.log_group(name, stage), settings.retention.log_days, tags),
    )
    permissions = EndpointPermissions(
        f"{name}-permissions",
        EndpointPermissionsArgs(
            Place(settings.account, settings.region),
            foundation.role.name,
            foundation.key.arn,
            names.bucket(stage, settings.account, settings.region),
            endpoint.pins.named,
        ),
    )
    for difference in moves.unapplied(endpoint):
        pulumi.log.warn(_unapplied(stage, name, difference))
    serving = Serving(
        f"{name}-serving",
        ServingArgs(
            plan=plan,
            role_arn=foundation.role.arn,
            before_models=[*foundation.role.ready, *permissions.ready, *foundation.storage.ready],
            before_endpoint=[*alarms.all, logs.group],
            # One that never had a second release may be a first create that failed, and has to go.
            protect=settings.protect and endpoint.previous is not None,
            tags={**tags, "endpoint": name},
        ),
    )
    if serving.endpoint is None:
        return
    live = endpoint.pins.live
    serves_on = live.type if live and live.type else endpoint.instances.type
    Autoscaling(
        f"{name}-autoscaling",
        AutoscalingArgs(plan.endpoint, serves_on, endpoint.instances, [serving.endpoint]),
    )


def _unapplied(stage: str, name: str, difference: str) -> str:
    return (
        f"{name} {difference}. That is another fleet, so it is rolled out like a release, not by pulumi up: "
        f"./slipway apply {stage} --endpoint {name}"
    )
