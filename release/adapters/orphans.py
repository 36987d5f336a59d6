"""Creates that a killed `pulumi up` began: adopt what AWS has, forget what it has not.

The engine writes a create down before it makes it. When it dies in between, nobody knows whether the thing
exists; names come from content, so AWS can be asked. Types that AWS itself creates idempotently (policies,
alarms, scaling targets) are simply created again.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from pulumi import automation as auto

from release.adapters.aws import StageAws
from release.errors import ServiceError

Say = Callable[[str], None]

# Resource type to (service, call, argument, input that holds the name, which is also the resource's id).
_LOOKUPS: dict[str, tuple[str, str, str, str]] = {
    "aws:sagemaker/model:Model": ("sagemaker", "describe_model", "ModelName", "name"),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": (
        "sagemaker",
        "describe_endpoint_config",
        "EndpointConfigName",
        "name",
    ),
    "aws:sagemaker/endpoint:Endpoint": ("sagemaker", "describe_endpoint", "EndpointName", "name"),
    "aws:s3/bucket:Bucket": ("s3", "head_bucket", "Bucket", "bucket"),
    "aws:iam/role:Role": ("iam", "get_role", "RoleName", "name"),
}


class StackLockedError(Exception):
    """Another pulumi process holds the stack, so what looks pending may only be under way."""


def settle_pending_creates(stack: auto.Stack, project: Path, aws: StageAws, say: Say) -> None:
    """Adopt or clear the stack's pending creates.

    Raises StackLockedError while somebody else works on the stack, ServiceError when pulumi cannot.
    """
    deployment = stack.export_stack().deployment or {}
    pending = [op for op in deployment.get("pending_operations") or [] if op["type"] == "creating"]
    if not pending:
        return
    adopted: list[str] = []
    for operation in pending:
        urn = operation["resource"]["urn"]
        identity = _existing(operation["resource"], aws)
        say(f"{'adopting' if identity else 'forgetting'} {urn.rpartition('::')[2]}, which a killed run began")
        if identity:
            adopted += ["--import-pending-creates", urn, "--import-pending-creates", identity]
    if adopted:
        _refresh(project, aws.stage, *adopted)
    if len(adopted) // 4 < len(pending):
        _refresh(project, aws.stage, "--clear-pending-creates")


def _existing(resource: dict[str, Any], aws: StageAws) -> str | None:
    lookup = _LOOKUPS.get(resource["type"])
    if lookup is None:
        return None
    service, call, argument, key = lookup
    name = resource.get("inputs", {}).get(key)
    if not name:
        return None
    try:
        getattr(aws.client(service), call)(**{argument: name})
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in {400, 404}:
            return None
        raise
    return name


def _refresh(project: Path, stage: str, *arguments: str) -> None:
    command = ["pulumi", "refresh", "--stack", stage, "--yes", "--skip-preview", "--non-interactive"]
    done = subprocess.run(
        [*command, "--color", "never", *arguments], cwd=project, capture_output=True, text=True, check=False
    )
    if "currently locked by" in done.stdout + done.stderr:
        raise StackLockedError(done.stdout + done.stderr)
    if done.returncode:
        raise ServiceError(
            f"pulumi could not take over what a killed run began: {done.stdout[-400:]}{done.stderr[-400:]}",
            "The stack's state still lists it as pending; nothing else was changed.",
            f"Run pulumi refresh --stack {stage}, answer its questions, then run this again.",
        )
