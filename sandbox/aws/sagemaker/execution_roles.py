"""What SageMaker does as the role that it was given: whether that role lets it, and what is said where not.

It assumes the role to pull an image, to read model data, to join a network, to write logs, metrics and
captured requests, and to watch alarms. The actions are those of "CreateModel API: Execution Role Permissions"
in the developer guide. Each is remembered beside what callers need (`shared/calls.py`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from moto.logs.models import logs_backends

from sandbox.aws.ecr.catalog import repository_of
from sandbox.aws.iam.roles import documents, find_role, may, trusts
from sandbox.aws.s3 import objects
from sandbox.aws.shared.calls import Calls
from sandbox.aws.shared.permissions import Permission
from sandbox.serving.endpoints.failures import (
    IMAGE_DENIED,
    IMAGES_DENIED,
    KEY_DENIED,
    NO_DATA,
    NOT_ASSUMED,
    ROLE_DENIED,
)
from sandbox.serving.endpoints.spec import DeploymentSpec, model_data_url, primary_container
from sandbox.serving.runtimes.container import Container

_SERVICE = "sagemaker.amazonaws.com"
_PULLING = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
_NETWORK = (
    *("CreateNetworkInterface", "CreateNetworkInterfacePermission", "DeleteNetworkInterface"),
    *("DeleteNetworkInterfacePermission", "DescribeDhcpOptions", "DescribeNetworkInterfaces"),
    *("DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"),
)
_ANY_KEY = {
    "Statement": {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*"}
}
"""Which key an object has is not looked at of callers (`shared/permissions.py`): a role that names its key
would be denied."""


class ExecutionRoles:
    """Asks roles, by their ARN. Whatever is asked of one that does not trust SageMaker is denied."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def trusted(self, account: str, arn: str) -> bool:
        """Whether there is such a role and SageMaker may assume it."""
        role = find_role(account, arn)
        return role is not None and trusts(role, _SERVICE)

    def may(self, account: str, arn: str, action: str, resource: str) -> bool:
        """Whether SageMaker may do something as this role."""
        return self._denied(account, arn, Permission(action, resource)) is None

    def may_read(self, account: str, arn: str, uri: str) -> bool:
        """Whether it may get the object at an `s3://` URI, were it not encrypted."""
        return self.may(account, arn, "s3:GetObject", _object(uri))

    def may_list(self, account: str, arn: str, uri: str) -> bool:
        """Whether S3 tells it of an object that is not there, instead of denying it."""
        return self.may(account, arn, "s3:ListBucket", f"arn:aws:s3:::{objects.place_of(uri)[0]}")

    def may_log(self, account: str, region: str, arn: str, group: str, stream: str) -> bool:
        """Whether it may write into a log stream, and make the group where that is missing."""
        place = f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:"
        needs = [
            Permission("logs:DescribeLogStreams", place),
            Permission("logs:CreateLogStream", place + stream),
            Permission("logs:PutLogEvents", place + stream),
        ]
        if group not in logs_backends[account][region].groups:
            needs.insert(0, Permission("logs:CreateLogGroup", place))
        return self._denied(account, arn, *needs) is None

    def may_pull(self, account: str, region: str, arn: str, reference: str) -> bool:
        """Whether it may pull an image."""
        return self._denied(account, arn, *_of_image(account, region, reference)) is None

    def may_measure(self, container: Container) -> bool:
        """Whether it may publish what an instance uses of its machine."""
        return self.may(container.account, container.role, "cloudwatch:PutMetricData", "*")

    def write(self, account: str, arn: str, uri: str, content: bytes, key: str = "") -> None:
        """Put an object at an `s3://` URI, encrypted with a KMS key (its ARN), or as the bucket says.

        Raises PermissionError, or moto's error for a missing bucket.
        """
        needs = [Permission("s3:PutObject", _object(uri))]
        if used := key or objects.key_for(account, uri):
            needs.append(Permission("kms:GenerateDataKey", used))
        if denied := self._denied(account, arn, *needs):
            raise PermissionError(_said(arn, denied))
        objects.write(account, uri, content, key)

    def credentials(self, account: str, arn: str) -> dict[str, str]:
        """Those of a container that is not cut off from the network, as variables; its role's policies hold.

        SageMaker's containers ask a URL for theirs, and get others every few hours.
        """
        role = find_role(account, arn)
        key = access_key(arn)
        policies = [*documents(role), _ANY_KEY] if role is not None else []
        assumed = f"arn:aws:sts::{account}:assumed-role/{arn.rpartition('/')[2]}/SageMaker"
        self._calls.policies.set(key, policies, assumed)
        return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session"}

    def deployment_problem(
        self, account: str, region: str, variant: str, model: Mapping[str, Any]
    ) -> str | None:
        """Why SageMaker may not deploy a model with the model's role, as a FailureReason, or None."""
        arn, container = model.get("ExecutionRoleArn", ""), primary_container(model)
        if not self.trusted(account, arn):
            return NOT_ASSUMED.format(arn)
        network = [Permission(f"ec2:{action}", "*") for action in _NETWORK if model.get("VpcConfig")]
        if denied := self._denied(account, arn, *network):
            return _said(arn, denied)
        if denied := self._denied(account, arn, *_of_image(account, region, container["Image"])):
            named = denied.action == "ecr:BatchGetImage"
            return IMAGE_DENIED.format(arn, container["Image"]) if named else IMAGES_DENIED.format(variant)
        url = model_data_url(container)
        if url is None:
            return None
        if not self.may_read(account, arn, url):
            return NO_DATA.format(url)
        key = objects.key_of(account, url)
        if key is not None and not self.may(account, arn, "kms:Decrypt", key):
            return KEY_DENIED.format(url, arn)
        return None

    def alarm_problem(
        self, account: str, region: str, spec: DeploymentSpec, alarms: Sequence[str]
    ) -> str | None:
        """Why SageMaker may not watch the alarms of a deployment, with the roles of its models, or None."""
        needs = [
            Permission("cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}")
            for name in alarms
        ]
        for arn in {model.get("ExecutionRoleArn", "") for model in spec.models.values()}:
            if denied := self._denied(account, arn, *needs):
                return _said(arn, denied)
        return None

    def _denied(self, account: str, arn: str, *needs: Permission) -> Permission | None:
        """The first of these permissions that a role does not have."""
        self._calls.note(needs, arn)
        role = find_role(account, arn)
        if role is None or not trusts(role, _SERVICE):
            return next(iter(needs), None)
        return next((need for need in needs if not may(role, *need)), None)


def access_key(arn: str) -> str:
    """By which the containers that act as a role are known."""
    return f"ASIA{hashlib.sha256(arn.encode()).hexdigest()[:16].upper()}"


def _of_image(account: str, region: str, reference: str) -> list[Permission]:
    owner, place, name = repository_of(reference)
    repository = f"arn:aws:ecr:{place or region}:{owner or account}:repository/{name}"
    pulling = [Permission(f"ecr:{action}", repository) for action in _PULLING]
    return [Permission("ecr:GetAuthorizationToken", "*"), *pulling]


def _object(uri: str) -> str:
    bucket, key = objects.place_of(uri)
    return f"arn:aws:s3:::{bucket}/{key}"


def _said(arn: str, denied: Permission) -> str:
    return ROLE_DENIED.format(arn, denied.action, denied.resource, denied.action)
