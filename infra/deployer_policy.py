"""The policy of whoever deploys a stage: what the commands and Pulumi call, on the stage's own things.

Everything that has a name is named; `*` stands where AWS knows no resource, or knows its name alone (the id
of a KMS key). What is really called, the sandbox sees, and `tests/end_to_end/test_deployer_policy.py` holds
it against this; the real provider reads more of a bucket and a role than the sandbox's, so their reads are
whole. Pulumi's own state is not in it, where that is a bucket.
"""

import json
import re
from typing import Any

from infra import policies, row_places
from infra.arns import Place
from infra.policies import Statement
from release.domain import names, s3_uri
from release.domain.batch import LOG_GROUP
from release.domain.stage import StageSettings

LONGEST = 6_144
"""Characters, spaces apart, that a managed policy may have ("IAM and AWS STS quotas" in IAM's user guide)."""

CAPTURED = "CapturedAnswers"
"""The statement about captured answers, which are what callers got."""
PIPELINES = "Pipelines"
"""The statement about pipelines that retrain, which people make and start."""
CAPTURE_KEYS = "CaptureKeys"
"""The statement about the keys that captured records have of their own."""
_SCALING_SERVICE = "sagemaker.application-autoscaling.amazonaws.com"
_SERVING = """
    CreateModel DescribeModel DeleteModel CreateEndpointConfig DescribeEndpointConfig DeleteEndpointConfig
    CreateEndpoint DescribeEndpoint DeleteEndpoint UpdateEndpoint UpdateEndpointWeightsAndCapacities
    InvokeEndpoint AddTags DeleteTags ListTags
"""
_TAGS = "*agResource ListTagsForResource"
"""TagResource and UntagResource in one: a policy may not be much longer. What reads is named by itself: jobs
that change nothing have it too (`infra/ci/grants.py`)."""
_SCALING = f"""
    RegisterScalableTarget DeregisterScalableTarget DescribeScalableTargets PutScalingPolicy
    DeleteScalingPolicy DescribeScalingPolicies {_TAGS}
"""
_ALARMS = f"""
    PutMetricAlarm DeleteAlarms DescribeAlarmHistory GetDashboard PutDashboard DeleteDashboards {_TAGS}
"""
_LOGS = f"""
    CreateLogGroup DeleteLogGroup PutRetentionPolicy {_TAGS}
    DescribeLogStreams GetLogEvents FilterLogEvents
"""
_TOPIC = f"""
    CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes {_TAGS}
    Subscribe Unsubscribe GetSubscriptionAttributes ListSubscriptionsByTopic
"""
_BUCKET = """
    CreateBucket DeleteBucket ListBucket ListBucketVersions GetBucket* PutBucketTagging PutBucketPolicy
    DeleteBucketPolicy PutBucketVersioning PutBucketPublicAccessBlock GetEncryptionConfiguration
    PutEncryptionConfiguration GetLifecycleConfiguration PutLifecycleConfiguration GetReplicationConfiguration
    GetAccelerateConfiguration
"""
_OBJECTS = "GetObject GetObjectVersion PutObject DeleteObject DeleteObjectVersion AbortMultipartUpload"
_PEOPLES = (names.APPROVALS, names.WAIVERS)
"""What whoever deploys neither writes nor deletes: yeses and waivers, of people with rights of their own."""
_THEIR_OBJECTS = "PutObject DeleteObject DeleteObjectVersion"
"""Deleting the newest version would bring back the one before: a yes that was taken back since."""
_REGISTRY = f"""
    CreateRepository DeleteRepository DescribeRepositories PutLifecyclePolicy GetLifecyclePolicy
    DeleteLifecyclePolicy PutImageTagMutability PutImageScanningConfiguration {_TAGS}
    DescribeImages BatchGetImage BatchDeleteImage BatchCheckLayerAvailability
    GetDownloadUrlForLayer UploadLayerPart *LayerUpload PutImage
"""
_KEY = """
    DescribeKey GetKeyPolicy PutKeyPolicy GetKeyRotationStatus EnableKeyRotation UpdateKeyDescription
    ListResourceTags TagResource UntagResource ScheduleKeyDeletion Decrypt GenerateDataKey CreateGrant
    RetireGrant CreateAlias UpdateAlias DeleteAlias
"""
_ROLE = """
    CreateRole DeleteRole GetRole UpdateRole UpdateAssumeRolePolicy PutRolePermissionsBoundary
    DeleteRolePermissionsBoundary TagRole UntagRole PutRolePolicy GetRolePolicy DeleteRolePolicy
    ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole
"""
_MODEL_PACKAGES = """
    CreateModelPackageGroup DescribeModelPackageGroup CreateModelPackage DescribeModelPackage AddTags
"""
"""Not UpdateModelPackage: what becomes of a version, people say."""
_TRANSFORM = "CreateTransformJob DescribeTransformJob"
_READ_LOGS = "DescribeLogStreams GetLogEvents"
JOB_LOGS, BATCH_FILES, BATCH_FOLDERS = "JobLogs", "BatchFiles", "BatchFolders"
"""Statements of batch scoring by which rows are read, or what was said of them."""
_ALL_JOBS = """
    sagemaker:*TrainingJob sagemaker:*HyperParameterTuningJob sagemaker:*TransformJob sagemaker:AddTags
    logs:DescribeLogStreams logs:GetLogEvents
"""
"""All that is done with jobs, in few words: a policy may not be much longer."""
_ALL_LOGS = "/aws/sagemaker/Tra*Jobs"
"""The groups of transform and of training jobs."""
_PIPELINES = """
    CreatePipeline UpdatePipeline DescribePipeline DeletePipeline StartPipelineExecution
    StopPipelineExecution DescribePipelineExecution ListPipelineExecutionSteps
    CreateModelPackageGroup DescribeModelPackage
"""
_NO_RESOURCE = """
    cloudwatch:DescribeAlarms cloudwatch:GetMetricData cloudwatch:PutCompositeAlarm
    ecr:GetAuthorizationToken kms:CreateKey kms:ListAliases logs:DescribeLogGroups
    sagemaker:ListEndpointConfigs sagemaker:ListEndpoints sagemaker:ListModels
    servicequotas:ListAWSDefaultServiceQuotas servicequotas:ListServiceQuotas
"""


def document(settings: StageSettings) -> dict[str, Any]:
    """The policy for one stage."""
    place = Place(settings.account, settings.region)
    statements = [*_serving(place, settings), *_storage(place, settings), *_identity(place, settings)]
    statements += [*_jobs(place, settings), *_batch(place, settings)]
    anywhere = _NO_RESOURCE
    if settings.model_packages != "none":
        statements.append(_registered(place, settings))
    if settings.model_packages != "none" or _has_pipelines(settings):
        anywhere += " sagemaker:ListModelPackages"
    return {"Version": "2012-10-17", "Statement": [*statements, _allow("NoResource", "", anywhere, "*")]}


def managed(settings: StageSettings) -> list[dict[str, Any]]:
    """The same in managed policies that AWS takes, mostly one; all of them are to be attached."""
    whole = document(settings)
    parts: list[dict[str, Any]] = [{**whole, "Statement": []}]
    for statement in whole["Statement"]:
        longer = {**whole, "Statement": [*parts[-1]["Statement"], statement]}
        if length(longer) <= LONGEST:
            parts[-1] = longer
        else:
            parts.append({**whole, "Statement": [statement]})
    return parts


def length(policy: dict[str, Any]) -> int:
    """The characters of a policy as AWS counts them, spaces apart."""
    return len(re.sub(r"\s", "", json.dumps(policy)))


def _registered(place: Place, settings: StageSettings) -> Statement:
    """Groups and versions in SageMaker's Model Registry, where the stage has any."""
    groups = [names.endpoint(name, settings.stage) for name in settings.endpoints]
    ours = [place.arn("sagemaker", f"model-package-group/{group}") for group in groups]
    ours += [place.arn("sagemaker", f"model-package/{group}/*") for group in groups]
    return _allow("ModelPackages", "sagemaker", _MODEL_PACKAGES, ours)


def _jobs(place: Place, settings: StageSettings) -> list[Statement]:
    """Transform jobs and what they say of their files; where trainings run in the stage, all kinds of jobs.

    A job is called by its service, and then by its stage.
    """
    if settings.training is not None:
        kinds = ("tra*-job", "hyper-parameter-tuning-job")
        jobs = [place.arn("sagemaker", f"{kind}/*-{settings.stage}-*") for kind in kinds]
        logs = place.arn("logs", f"log-group:{_ALL_LOGS}*")
        return [_allow("Training", "", _ALL_JOBS, [*jobs, logs]), *_pipelines(place, settings)]
    endpoints = [names.endpoint(name, settings.stage) for name in settings.endpoints]
    jobs = [place.arn("sagemaker", f"transform-job/{name}-*") for name in endpoints]
    return [
        *([_allow("Jobs", "sagemaker", _TRANSFORM, jobs)] if jobs else ()),
        _allow(JOB_LOGS, "logs", _READ_LOGS, place.arn("logs", f"log-group:{LOG_GROUP}*")),
    ]


def _pipelines(place: Place, settings: StageSettings) -> list[Statement]:
    """The pipelines that retrain, and where they register what they made; nobody approves that here."""
    if not _has_pipelines(settings):
        return []
    served = [names.endpoint(name, settings.stage) for name in settings.endpoints]
    pipelines = [place.arn("sagemaker", f"pipeline/{names.retraining_pipeline(one)}*") for one in served]
    groups = [names.retrained_group(one) for one in served]
    ours = [place.arn("sagemaker", f"model-package-group/{group}") for group in groups]
    ours += [place.arn("sagemaker", f"model-package/{group}/*") for group in groups]
    return [_allow(PIPELINES, "sagemaker", _PIPELINES, [*pipelines, *ours])]


def _has_pipelines(settings: StageSettings) -> bool:
    return settings.training is not None and settings.training.pipelines and bool(settings.endpoints)


def _batch(place: Place, settings: StageSettings) -> list[Statement]:
    """The files of batch scoring that are not in the stage's own bucket."""
    places = [*settings.batch.reads, *settings.batch.writes]
    buckets = sorted({place.bucket(s3_uri.parts(uri)[0]) for uri in places})
    objects = sorted({one for uri in places for one in policies.objects(place, uri)})
    files = [
        _allow(BATCH_FILES, "s3", "GetObject", objects),
        _allow(BATCH_FOLDERS, "s3", "ListBucket", buckets),
    ]
    return files if places else []


def _serving(place: Place, settings: StageSettings) -> list[Statement]:
    """Endpoints, what scales them, and what watches them."""
    endpoints = [names.endpoint(name, settings.stage) for name in settings.endpoints]
    kinds = ("model", "endpoint-config", "endpoint")
    ours = [place.arn("sagemaker", f"{kind}/{name}*") for name in endpoints for kind in kinds]
    groups = [place.arn("logs", f"log-group:{names.log_group_of(name)}*") for name in endpoints]
    alarms = [place.arn("cloudwatch", f"alarm:{names.alarms_of(name)}") for name in endpoints]
    alarms += [place.dashboard(names.dashboard(name)) for name in endpoints]
    linked = place.iam(f"role/aws-service-role/{_SCALING_SERVICE}/*")
    return [
        _allow("Serving", "sagemaker", _SERVING, ours),
        _allow("Scaling", "application-autoscaling", _SCALING, "*"),
        {
            **_allow("ScalingsOwnRole", "iam", "CreateServiceLinkedRole", linked),
            "Condition": {"StringEquals": {"iam:AWSServiceName": _SCALING_SERVICE}},
        },
        _allow("Alarms", "cloudwatch", _ALARMS, alarms),
        _allow("Logs", "logs", _LOGS, groups),
        _allow("Topic", "sns", _TOPIC, place.arn("sns", f"{names.alert_topic(settings.stage)}*")),
    ]


def _storage(place: Place, settings: StageSettings) -> list[Statement]:
    """The bucket, the registry, and the key of both: ECR uses it by grants of whoever makes a repository."""
    bucket = place.bucket(names.bucket(settings.stage, settings.account, settings.region))
    keys = [place.arn("kms", "key/*"), place.arn("kms", names.key_alias(settings.stage))]
    return [
        _allow("Bucket", "s3", _BUCKET, bucket),
        _allow("Objects", "s3", _OBJECTS, f"{bucket}/*"),
        {
            **_allow("PeoplesWord", "s3", _THEIR_OBJECTS, [f"{bucket}/{prefix}*" for prefix in _PEOPLES]),
            "Effect": "Deny",
        },
        _allow(
            "Registry", "ecr", _REGISTRY, place.arn("ecr", f"repository/{names.repository(settings.stage)}")
        ),
        _allow("Key", "kms", _KEY, keys),
        *_captured(place, settings),
    ]


def _captured(place: Place, settings: StageSettings) -> list[Statement]:
    """Captured answers in buckets that are not the stage's own, and the keys that a stage names for records.

    Rollouts judge by them.
    """
    others = row_places.elsewhere(settings, row_places.captures(settings))
    keys = row_places.capture_keys(settings)
    readable = row_places.readable(place, others)
    return [
        *([_allow(CAPTURED, "s3", "ListBucket GetObject", readable)] if others else ()),
        *([_allow(CAPTURE_KEYS, "kms", "Decrypt", keys)] if keys else ()),
    ]


def _identity(place: Place, settings: StageSettings) -> list[Statement]:
    """The roles of endpoints, trainings and pipelines, which are handed to SageMaker and to nobody else."""
    role: str | list[str] = place.iam(f"role/{names.execution_role(settings.stage, settings.region)}")
    made = role
    if settings.training is not None:
        role = [role, place.iam(f"role/{names.training_role(settings.stage, settings.region)}")]
        if settings.training.pipelines:
            role.append(place.iam(f"role/{names.pipeline_role(settings.stage, settings.region)}"))
        # one pattern in the place of both: a policy may not be much longer
        made = place.iam(f"role/{names.roles(settings.stage, settings.region)}*")
    return [
        _allow("Role", "iam", _ROLE, made),
        {
            **_allow("RoleToSageMaker", "iam", "PassRole", role),
            "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        },
    ]


def _allow(sid: str, service: str, actions: str, resources: str | list[str]) -> Statement:
    listed = [f"{service}:{action}" if service else action for action in actions.split()]
    return policies.allow(sid, listed, resources)
