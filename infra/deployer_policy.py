"""The policy of whoever deploys a stage: what the commands and Pulumi call, on the stage's own things.

Everything that has a name is named; `*` stands where AWS knows no resource, or knows its name alone (the id
of a KMS key). What is really called, the sandbox sees, and `tests/end_to_end/test_deployer_policy.py` holds
it against this; the real provider reads more of a bucket and a role than the sandbox's, so their reads are
whole. Pulumi's own state is not in it, where that is a bucket.
"""

from typing import Any

from infra import policies
from infra.arns import Place
from infra.policies import Statement
from release.domain import names
from release.domain.stage import StageSettings

LONGEST = 6_144
"""Characters, spaces apart, that a managed policy may have ("IAM and AWS STS quotas" in IAM's user guide)."""

CAPTURED = "CapturedAnswers"
"""The statement about captured answers, which are what callers got."""
_SCALING_SERVICE = "sagemaker.application-autoscaling.amazonaws.com"
_SERVING = """
    CreateModel DescribeModel DeleteModel CreateEndpointConfig DescribeEndpointConfig DeleteEndpointConfig
    CreateEndpoint DescribeEndpoint DeleteEndpoint UpdateEndpoint UpdateEndpointWeightsAndCapacities
    InvokeEndpoint AddTags DeleteTags ListTags
"""
_SCALING = """
    RegisterScalableTarget DeregisterScalableTarget DescribeScalableTargets PutScalingPolicy
    DeleteScalingPolicy DescribeScalingPolicies TagResource UntagResource ListTagsForResource
"""
_ALARMS = "PutMetricAlarm DeleteAlarms DescribeAlarmHistory TagResource UntagResource ListTagsForResource"
_LOGS = """
    CreateLogGroup DeleteLogGroup PutRetentionPolicy TagResource UntagResource ListTagsForResource
    DescribeLogStreams GetLogEvents FilterLogEvents
"""
_TOPIC = """
    CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes TagResource UntagResource
    ListTagsForResource Subscribe Unsubscribe GetSubscriptionAttributes ListSubscriptionsByTopic
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
_REGISTRY = """
    CreateRepository DeleteRepository DescribeRepositories PutLifecyclePolicy GetLifecyclePolicy
    DeleteLifecyclePolicy PutImageTagMutability PutImageScanningConfiguration TagResource UntagResource
    ListTagsForResource DescribeImages BatchGetImage BatchDeleteImage BatchCheckLayerAvailability
    GetDownloadUrlForLayer InitiateLayerUpload UploadLayerPart CompleteLayerUpload PutImage
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
_TRAINING = """
    sagemaker:*TrainingJob sagemaker:*HyperParameterTuningJob sagemaker:AddTags logs:DescribeLogStreams
    logs:GetLogEvents
"""
"""All that is done with jobs, in few words: a policy may not be much longer."""
_NO_RESOURCE = """
    cloudwatch:DescribeAlarms cloudwatch:GetMetricData
    ecr:GetAuthorizationToken kms:CreateKey kms:ListAliases logs:DescribeLogGroups
    sagemaker:ListEndpointConfigs sagemaker:ListEndpoints sagemaker:ListModels
    servicequotas:ListAWSDefaultServiceQuotas servicequotas:ListServiceQuotas
"""


def document(settings: StageSettings) -> dict[str, Any]:
    """The policy for one stage."""
    place = Place(settings.account, settings.region)
    statements = [*_serving(place, settings), *_storage(place, settings), *_identity(place, settings)]
    anywhere = _NO_RESOURCE
    if settings.model_packages != "none":
        statements.append(_registered(place, settings))
        anywhere += " sagemaker:ListModelPackages"
    if settings.training is not None:
        statements += _training(place, settings)
    return {"Version": "2012-10-17", "Statement": [*statements, _allow("NoResource", "", anywhere, "*")]}


def _training(place: Place, settings: StageSettings) -> list[Statement]:
    """Training jobs and their log, where trainings run in the stage. A job is called by its service first."""
    kinds = ("training-job", "hyper-parameter-tuning-job")
    jobs = [place.arn("sagemaker", f"{kind}/*-{settings.stage}-*") for kind in kinds]
    log = place.arn("logs", f"log-group:{names.TRAINING_LOGS}:*")
    return [_allow("Training", "", _TRAINING, [*jobs, log])]


def _registered(place: Place, settings: StageSettings) -> Statement:
    """Groups and versions in SageMaker's Model Registry, where the stage has any."""
    groups = [names.endpoint(name, settings.stage) for name in settings.endpoints]
    ours = [place.arn("sagemaker", f"model-package-group/{group}") for group in groups]
    ours += [place.arn("sagemaker", f"model-package/{group}/*") for group in groups]
    return _allow("ModelPackages", "sagemaker", _MODEL_PACKAGES, ours)


def _serving(place: Place, settings: StageSettings) -> list[Statement]:
    """Endpoints, what scales them, and what watches them."""
    endpoints = [names.endpoint(name, settings.stage) for name in settings.endpoints]
    kinds = ("model", "endpoint-config", "endpoint")
    ours = [place.arn("sagemaker", f"{kind}/{name}*") for name in endpoints for kind in kinds]
    groups = [place.arn("logs", f"log-group:{names.log_group_of(name)}*") for name in endpoints]
    alarms = [place.arn("cloudwatch", f"alarm:{names.alarms_of(name)}") for name in endpoints]
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
    """Captured answers in buckets that are not the stage's own: rollouts judge by them."""
    captures = [
        one.capture
        for endpoint in settings.endpoints.values()
        for one in (endpoint, *endpoint.pins.named)
        if one.capture
    ]
    own = names.bucket(settings.stage, settings.account, settings.region)
    kept = sorted({one.to.removeprefix("s3://") for one in captures})
    others = [path for path in kept if path.partition("/")[0] != own]
    buckets = sorted({place.bucket(path.partition("/")[0]) for path in others})
    objects = [f"{place.bucket(path)}/*" for path in others]
    return [_allow(CAPTURED, "s3", "ListBucket GetObject", [*buckets, *objects])] if others else []


def _identity(place: Place, settings: StageSettings) -> list[Statement]:
    """The roles of endpoints and trainings, which are handed to SageMaker and to nobody else."""
    role: str | list[str] = place.iam(f"role/{names.execution_role(settings.stage, settings.region)}")
    made = role
    if settings.training is not None:
        role = [role, place.iam(f"role/{names.training_role(settings.stage, settings.region)}")]
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
