"""Which permissions the caller of an AWS action needs there: IAM's actions, and on which resources. Pure.

It says what a policy has to allow; whether one does is decided in `policies.py`. Names are those of the
service authorization reference. What a call needs besides its own action is listed where AWS documents it:
tags at creation, a role that is passed on, a key that a service uses in the caller's name.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from sandbox.core.asgi import Scope, header
from sandbox.core.settings import ACCOUNT, REGION

_PREFIXES = {"sagemaker-runtime": "sagemaker", "service-quotas": "servicequotas"}
_OF_NOBODY = {"sts:GetCallerIdentity"}
"""Needs no permission."""

_S3 = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
"""S3's operations whose permission has another name."""
_OF_OBJECTS = {"GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload"}
_OF_VERSIONS = {"GetObject": "GetObjectVersion", "DeleteObject": "DeleteObjectVersion"}

_NAMED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "sagemaker": (
        ("EndpointName", "sagemaker:{place}:endpoint/{}"),
        ("EndpointConfigName", "sagemaker:{place}:endpoint-config/{}"),
        ("TransformJobName", "sagemaker:{place}:transform-job/{}"),
        ("ModelName", "sagemaker:{place}:model/{}"),
        ("ModelPackageGroupName", "sagemaker:{place}:model-package-group/{}"),
        ("ModelPackageName", "sagemaker:{place}:model-package/{}"),
        ("ModelPackageArn", "sagemaker:{place}:model-package/{}"),
        ("TrainingJobName", "sagemaker:{place}:training-job/{}"),
        ("ProcessingJobName", "sagemaker:{place}:processing-job/{}"),
        ("PipelineName", "sagemaker:{place}:pipeline/{}"),
        ("HyperParameterTuningJobName", "sagemaker:{place}:hyper-parameter-tuning-job/{}"),
    ),
    "ecr": (("repositoryName", "ecr:{place}:repository/{}"),),
    "iam": (("RoleName", "iam::{account}:role/{}"),),
    "logs": (
        ("logGroupName", "logs:{place}:log-group:{}"),
        ("logGroupIdentifier", "logs:{place}:log-group:{}"),
    ),
    "sns": (("Name", "sns:{place}:{}"),),
    "cloudwatch": (
        ("AlarmName", "cloudwatch:{place}:alarm:{}"),
        ("DashboardName", "cloudwatch::{account}:dashboard/{}"),
    ),
    "kms": (
        ("AliasName", "kms:{place}:{}"),
        ("KeyId", "kms:{place}:key/{}"),
        ("TargetKeyId", "kms:{place}:key/{}"),
    ),
}
"""Members of requests that name a resource, by service; a value that is an ARN is taken as it is."""
_LISTED = {
    "cloudwatch": (
        ("AlarmNames", "cloudwatch:{place}:alarm:{}"),
        ("DashboardNames", "cloudwatch::{account}:dashboard/{}"),
    ),
    "ecr": (("repositoryNames", "ecr:{place}:repository/{}"),),
}
"""The same, of members that are lists."""
_ARNS = ("ResourceArn", "resourceArn", "ResourceARN", "TopicArn", "SubscriptionArn")
_TAGGING = {
    "sagemaker": "sagemaker:AddTags",
    "ecr": "ecr:TagResource",
    "iam": "iam:TagRole",
    "kms": "kms:TagResource",
    "logs": "logs:TagResource",
    "sns": "sns:TagResource",
    "cloudwatch": "cloudwatch:TagResource",
}
_CREATES = re.compile(r"Create\w+|Put(Metric|Composite)Alarm")
_ON_ANY = {("cloudwatch", "PutCompositeAlarm")}
"""Actions that AWS allows on `*` alone, although they name a resource ("PutCompositeAlarm")."""


class Permission(NamedTuple):
    """An action of IAM's, and the resource it is on (`*` where a request names none)."""

    action: str
    resource: str


def needed(service: str, action: str, scope: Scope, body: bytes) -> set[Permission]:
    """What a caller needs for one call."""
    if service == "s3":
        return set(_of_s3(action, scope))
    request = _read(scope, body)
    prefix = _PREFIXES.get(service, service)
    resources = set(_resources(service, request))
    on = (resources if (prefix, action) not in _ON_ANY else set()) or {"*"}
    found = {Permission(f"{prefix}:{action}", resource) for resource in on}
    found |= set(_besides(service, action, request, resources or {"*"}))
    return {one for one in found if one.action not in _OF_NOBODY}


def to_miss(service: str, action: str, scope: Scope) -> set[Permission]:
    """What a caller needs besides, to be told of S3 that an object is not there instead of being denied it.

    "If the object you request doesn't exist" in the API reference of GetObject and HeadObject.
    """
    if service != "s3" or action not in ("GetObject", "HeadObject") or b"versionId=" in scope["query_string"]:
        return set()
    return {Permission("s3:ListBucket", f"arn:aws:s3:::{_place(scope)[0]}")}


def of_registry(method: str, repository: str, kind: str, upload: bool) -> Permission:
    """What a request of the registry's own protocol needs, in ECR's actions."""
    actions = {
        "manifests": {"PUT": "PutImage"},
        "blobs": {
            "HEAD": "BatchCheckLayerAvailability",
            "POST": "InitiateLayerUpload",
            "PATCH": "UploadLayerPart",
            "PUT": "CompleteLayerUpload",
        },
        "tags": {"GET": "ListImages"},
    }[kind]
    usual = "GetDownloadUrlForLayer" if kind == "blobs" and not upload else "BatchGetImage"
    return Permission(f"ecr:{actions.get(method, usual)}", _arn("ecr:{place}:repository/{}", repository))


def invocation(endpoint: str) -> Permission:
    """What InvokeEndpoint needs."""
    return Permission("sagemaker:InvokeEndpoint", _arn("sagemaker:{place}:endpoint/{}", endpoint))


def _of_s3(action: str, scope: Scope) -> Iterator[Permission]:
    bucket, key = _place(scope)
    name = _S3.get(action, action)
    if name in _OF_VERSIONS and b"versionId=" in scope["query_string"]:
        name = _OF_VERSIONS[name]
    is_object = name in _OF_OBJECTS or name in _OF_VERSIONS.values()
    yield Permission(f"s3:{name}", f"arn:aws:s3:::{bucket}" + (f"/{key or '*'}" if is_object else ""))
    if action == "DeleteObjects":
        yield Permission("s3:DeleteObjectVersion", f"arn:aws:s3:::{bucket}/*")
    if name == "PutObject":  # a bucket with a KMS key: S3 asks for a data key in the caller's name
        yield Permission("kms:GenerateDataKey", _arn("kms:{place}:key/{}", "*"))
    if name in ("PutObject", "GetObject", "GetObjectVersion"):
        yield Permission("kms:Decrypt", _arn("kms:{place}:key/{}", "*"))


def _place(scope: Scope) -> tuple[str, str]:
    """The bucket and the key that a request of S3's is about."""
    bucket, _, key = unquote(scope["path"]).lstrip("/").partition("/")
    return bucket, key


def _resources(service: str, request: Mapping[str, Any]) -> Iterator[str]:
    for member, pattern in _NAMED.get(service, ()):
        if member == "ModelName" and "TransformJobName" in request:
            continue  # a job is allowed by its own name alone
        if isinstance(value := request.get(member), str) and value:
            yield value if value.startswith("arn:") else _arn(pattern, value)
    entries = request.get("Entries") if service == "events" else None
    for entry in entries if isinstance(entries, list) else ():
        named = entry.get("EventBusName") if isinstance(entry, dict) else None
        bus = str(named or "default")
        yield bus if bus.startswith("arn:") else _arn("events:{place}:event-bus/{}", bus)
    for member, pattern in _LISTED.get(service, ()):
        listed = request.get(member)
        values = listed if isinstance(listed, list) else []
        numbered = (value for name, value in request.items() if name.startswith(f"{member}.member."))
        yield from (_arn(pattern, value) for value in (*values, *numbered))
    for member in _ARNS:
        if isinstance(value := request.get(member), str) and value.startswith("arn:"):
            yield value


def _besides(
    service: str, action: str, request: Mapping[str, Any], resources: set[str]
) -> Iterator[Permission]:
    """What AWS wants besides the action itself."""
    tags = any(name.lower() == "tags" or name.lower().startswith("tags.") for name in request)
    if service in _TAGGING and tags and _CREATES.fullmatch(action):
        if service == "kms":  # "Controlling access to tags" in KMS's guide: of a key that is being made, too
            resources = {_arn("kms:{place}:key/{}", "*")}
        yield from (Permission(_TAGGING[service], resource) for resource in resources)
    definition = request.get("TrainingJobDefinition")
    of_tuning = definition.get("RoleArn") if isinstance(definition, dict) else None
    role = request.get("ExecutionRoleArn") or request.get("RoleArn") or of_tuning
    if service == "sagemaker" and action.startswith("Create") and isinstance(role, str):
        yield Permission("iam:PassRole", role)
    if (
        service == "ecr"
        and action == "CreateRepository"
        and "KMS" in str(request.get("encryptionConfiguration"))
    ):
        # "Encryption at rest" in ECR's user guide: it uses the key by grants of whoever makes the repository
        for name in ("CreateGrant", "DescribeKey", "RetireGrant"):
            yield Permission(f"kms:{name}", _arn("kms:{place}:key/{}", "*"))
    if service == "application-autoscaling" and action == "RegisterScalableTarget":
        linked = "aws-service-role/sagemaker.application-autoscaling.amazonaws.com/*"
        yield Permission("iam:CreateServiceLinkedRole", _arn("iam::{account}:role/{}", linked))


def _read(scope: Scope, body: bytes) -> dict[str, Any]:
    if header(scope, b"content-type").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _arn(pattern: str, name: str) -> str:
    return "arn:aws:" + pattern.format(name, place=f"{REGION}:{ACCOUNT}", account=ACCOUNT)
