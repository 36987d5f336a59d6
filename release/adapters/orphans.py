"""Creates that a killed `pulumi up` began: adopt what AWS has, forget what it has not.

The engine writes a create down before it makes it. When it dies in between, nobody knows whether the thing
exists; names come from content, so AWS can be asked. Types that AWS itself creates idempotently (policies,
alarms, scaling targets) are simply created again.

An endpoint takes minutes to create, and the provider keeps its id at their end: where the wait was
interrupted or failed, nothing is written down at all. It is known by the configs that were made for it.
"""

from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError
from pulumi import automation as auto

from release.adapters.aws import StageAws

Say = Callable[[str], None]

_ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
_CONFIG = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"

Exists = Callable[[StageAws, str], bool]


def _found(service: str, call: str, argument: str, listed: bool = False) -> Exists:
    """Whether a describe call finds the name; AWS answers 400 or 404 where it does not."""

    def exists(aws: StageAws, name: str) -> bool:
        try:
            getattr(aws.client(service), call)(**{argument: [name] if listed else name})
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in {400, 404}:
                return False
            raise
        return True

    return exists


def _alias_exists(aws: StageAws, name: str) -> bool:
    pages = aws.client("kms").get_paginator("list_aliases").paginate()
    return any(alias["AliasName"] == name for page in pages for alias in page["Aliases"])


def _log_group_exists(aws: StageAws, name: str) -> bool:
    answer = aws.client("logs").describe_log_groups(logGroupNamePrefix=name)
    return any(group["logGroupName"] == name for group in answer["logGroups"])


# Resource type to the input that holds the name, which is also the resource's id, and how to look it up.
_LOOKUPS: dict[str, tuple[str, Exists]] = {
    "aws:sagemaker/model:Model": ("name", _found("sagemaker", "describe_model", "ModelName")),
    _CONFIG: (
        "name",
        _found("sagemaker", "describe_endpoint_config", "EndpointConfigName"),
    ),
    _ENDPOINT: ("name", _found("sagemaker", "describe_endpoint", "EndpointName")),
    "aws:s3/bucket:Bucket": ("bucket", _found("s3", "head_bucket", "Bucket")),
    "aws:iam/role:Role": ("name", _found("iam", "get_role", "RoleName")),
    "aws:ecr/repository:Repository": (
        "name",
        _found("ecr", "describe_repositories", "repositoryNames", listed=True),
    ),
    "aws:cloudwatch/logGroup:LogGroup": ("name", _log_group_exists),
    "aws:kms/alias:Alias": ("name", _alias_exists),
}


def settle_creates(
    stack: auto.Stack, aws: StageAws, say: Say, endpoint: str | None = None
) -> list[dict[str, Any]]:
    """Adopt or clear creates that did not end, by editing the stack's state; a refresh then reads the rest.

    `endpoint` is the SageMaker name of one that is looked for where the state has none of this name. Returns
    the resources that the state holds then.

    Raises the Automation API's ConcurrentUpdateError while somebody else works on the stack: what looks
    pending is then under way.
    """
    state = stack.export_stack()
    deployment = state.deployment or {}
    pending = [
        op["resource"] for op in deployment.get("pending_operations") or [] if op["type"] == "creating"
    ]
    resources = list(deployment.get("resources") or [])
    known = {resource["urn"] for resource in resources}
    adopted = []
    for resource in pending:
        identity = None if resource["urn"] in known else _existing(resource, aws)
        name = resource["urn"].rpartition("::")[2]
        say(f"{'adopting' if identity else 'forgetting'} {name}, which a killed run began")
        if identity:
            adopted.append(resource | {"id": identity, "outputs": resource.get("inputs", {})})
    lost = _lost_endpoint(resources + adopted, endpoint) if endpoint else None
    if lost and _existing(lost, aws):
        say(f"adopting {endpoint}, whose create an earlier run did not see to its end")
        adopted.append(lost | {"id": endpoint, "outputs": lost["inputs"]})
    if pending or adopted:
        changed = {**deployment, "resources": resources + adopted, "pending_operations": []}
        stack.import_stack(auto.Deployment(version=state.version, deployment=changed))
    return resources + adopted


def _lost_endpoint(resources: Sequence[dict[str, Any]], endpoint: str) -> dict[str, Any] | None:
    """The endpoint as the state would hold it; None where it does, or has no config that was made for it."""
    if any(found["type"] == _ENDPOINT and found.get("id") == endpoint for found in resources):
        return None
    configs = (found for found in resources if found["type"] == _CONFIG)
    made = next((found for found in configs if found.get("id", "").rpartition("-")[0] == endpoint), None)
    if made is None:
        return None
    kept = {key: made[key] for key in ("custom", "parent", "provider") if key in made}
    urn = made["urn"].rpartition("::")[0].removesuffix(_CONFIG) + f"{_ENDPOINT}::{endpoint}"
    inputs = {"name": endpoint, "endpointConfigName": made["id"]}
    return {**kept, "urn": urn, "type": _ENDPOINT, "inputs": inputs}


def _existing(resource: dict[str, Any], aws: StageAws) -> str | None:
    if resource["type"] not in _LOOKUPS:
        return None
    key, exists = _LOOKUPS[resource["type"]]
    name = resource.get("inputs", {}).get(key)
    return name if name and exists(aws, name) else None
