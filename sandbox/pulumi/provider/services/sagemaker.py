"""SageMaker: model, endpoint configuration and endpoint.

The endpoint behaves like the real provider's, faults included. How it waits is in `endpoint_wait.py`: an
update that SageMaker took back by itself counts as a success, and what is served then shows as drift. One
whose create failed or was interrupted is in SageMaker and not in the state. It never sends
RetainAllVariantProperties, so an update sets the counts of the new configuration.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.pulumi.provider import endpoint_wait
from sandbox.pulumi.provider.aws import Aws, ProviderError, attempt, tag_map
from sandbox.pulumi.provider.properties import Default, Property
from sandbox.pulumi.provider.resource import NAME, TAGS, Named, Resource, Update, retag, wait_until
from sandbox.pulumi.provider.shapes import from_aws, to_aws
from sandbox.pulumi.provider.values import Properties, Value

_GONE = ("ValidationException:could not find", "ResourceNotFound", "ValidationException:does not exist")


class _SageMaker(Named):
    """What SageMaker's types have in common: errors, tags, and that only the tags can be changed."""

    service = "sagemaker"
    gone = _GONE

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        sagemaker, doing = aws.client("sagemaker"), self.doing("updating", identifier)
        retag(doing, update, sagemaker.add_tags, sagemaker.delete_tags, ResourceArn=update.state["arn"])


class Model(_SageMaker):
    """An image and the model data it loads. Nothing of it can be changed, but its tags."""

    token = "aws:sagemaker/model:Model"  # noqa: S105
    label = "SageMaker Model"
    member = "ModelName"
    create_call, describe_call, delete_call = "create_model", "describe_model", "delete_model"
    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        "executionRoleArn": Property(required=True, replaces=True),
        "primaryContainer": Property(replaces=True),
        "containers": Property(replaces=True),
        "enableNetworkIsolation": Property(replaces=True),
        "vpcConfig": Property(replaces=True),
        "tags": TAGS,
    }

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        members = ("executionRoleArn", "primaryContainer", "containers", "vpcConfig")
        isolated = {"EnableNetworkIsolation": True} if inputs.get("enableNetworkIsolation") else {}
        return {**_given(inputs, *members), **isolated}

    def state(self, aws: Aws, doing: str, identifier: str, found: Any) -> Properties:
        return {
            "name": found["ModelName"],
            "arn": found["ModelArn"],
            "executionRoleArn": found.get("ExecutionRoleArn"),
            "enableNetworkIsolation": found.get("EnableNetworkIsolation", False),
            "primaryContainer": from_aws(found.get("PrimaryContainer") or None),
            "containers": from_aws(found.get("Containers") or None),
            "vpcConfig": from_aws(found.get("VpcConfig") or None),
            "tagsAll": _tags(aws, doing, found["ModelArn"]),
        }


class EndpointConfiguration(_SageMaker):
    """Which models an endpoint serves, on what. Nothing of it can be changed, but its tags."""

    token = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"  # noqa: S105
    label = "SageMaker Endpoint Configuration"
    member = "EndpointConfigName"
    create_call, describe_call = "create_endpoint_config", "describe_endpoint_config"
    delete_call = "delete_endpoint_config"
    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        "productionVariants": Property(required=True, replaces=True),
        "shadowProductionVariants": Property(replaces=True),
        "dataCaptureConfig": Property(replaces=True),
        "kmsKeyArn": Property(replaces=True),
        "executionRoleArn": Property(replaces=True, default=Default.COMPUTED),
        "tags": TAGS,
    }

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        members = ("productionVariants", "shadowProductionVariants", "dataCaptureConfig", "executionRoleArn")
        key = {"KmsKeyId": inputs["kmsKeyArn"]} if inputs.get("kmsKeyArn") else {}
        return {**_given(inputs, *members), **key}

    def state(self, aws: Aws, doing: str, identifier: str, found: Any) -> Properties:
        return {
            "name": found["EndpointConfigName"],
            "arn": found["EndpointConfigArn"],
            "productionVariants": from_aws(found["ProductionVariants"]),
            "shadowProductionVariants": from_aws(found.get("ShadowProductionVariants") or None),
            "dataCaptureConfig": from_aws(found.get("DataCaptureConfig") or None),
            "kmsKeyArn": found.get("KmsKeyId"),
            "executionRoleArn": found.get("ExecutionRoleArn"),
            "tagsAll": _tags(aws, doing, found["EndpointConfigArn"]),
        }


class Endpoint(_SageMaker):
    """What clients invoke."""

    token = "aws:sagemaker/endpoint:Endpoint"  # noqa: S105
    label = "SageMaker Endpoint"
    member = "EndpointName"
    create_call, describe_call, delete_call = "create_endpoint", "describe_endpoint", "delete_endpoint"

    @staticmethod
    def _rollback_appears_or_goes(old: Value, new: Value) -> bool:
        """Say whether the auto-rollback block is on one side only.

        Terraform's provider replaces the endpoint then (seen with 5.100); another list of alarms it
        updates in place. An UpdateEndpoint by hand without a deployment config removes the block.
        """
        return _has_auto_rollback(old) != _has_auto_rollback(new)

    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        "endpointConfigName": Property(required=True),
        "deploymentConfig": Property(exact=True, replaces_between=_rollback_appears_or_goes),
        "tags": TAGS,
    }

    def parameters(self, inputs: Properties) -> dict[str, Any]:
        return {"EndpointConfigName": inputs["endpointConfigName"], **_deployment(inputs)}

    def create(self, aws: Aws, inputs: Properties) -> str:
        """As Resource.create. The wait is part of it: the real provider keeps the id only after it."""
        identifier = super().create(aws, inputs)
        _wait_in_service(aws, f"waiting for {self.label} ({identifier}) create", identifier)
        return identifier

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        found = super().read(aws, identifier, known)
        # Absent while an endpoint that never was in service is being created, or has failed.
        if found is not None and found["endpointConfigName"] is None:
            found["endpointConfigName"] = known.get("endpointConfigName")
        return found

    def state(self, aws: Aws, doing: str, identifier: str, found: Any) -> Properties:
        return {
            "name": found["EndpointName"],
            "arn": found["EndpointArn"],
            "endpointConfigName": found.get("EndpointConfigName") or None,
            "deploymentConfig": from_aws(found.get("LastDeploymentConfig") or None),
            "tagsAll": _tags(aws, doing, found["EndpointArn"]),
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        doing = self.doing("updating", identifier)
        super().update(aws, identifier, update)
        if not update.changed & {"endpointConfigName", "deploymentConfig"}:
            return
        config = str(update.inputs["endpointConfigName"])
        attempt(
            doing,
            aws.client("sagemaker").update_endpoint,
            EndpointName=identifier,
            EndpointConfigName=config,
            **_deployment(update.inputs),
        )
        _wait_in_service(aws, f"waiting for {self.label} ({identifier}) update", identifier, config)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        doing = self.doing("deleting", identifier)
        if self._find(aws, doing, self.delete_call, identifier) is None:
            return

        def gone() -> bool | None:
            found = self._find(aws, doing, self.describe_call, identifier)
            if found is not None and found["EndpointStatus"] == "Failed":
                raise ProviderError(f"{doing}: {found.get('FailureReason', 'it failed')}")
            return True if found is None else None

        wait_until(aws, doing, timeout, gone)


def _wait_in_service(aws: Aws, what: str, name: str, asked: str | None = None) -> None:
    """Wait until the endpoint is in service; `asked` is the configuration that an update asked for."""
    describe, wait = aws.client("sagemaker").describe_endpoint, aws.settings.endpoint_wait

    def settled() -> Mapping[str, Any] | None:
        found = attempt(what, describe, EndpointName=name)
        return found if endpoint_wait.is_settled(wait, found) else None

    problem = endpoint_wait.problem(wait, wait_until(aws, what, endpoint_wait.SECONDS, settled), asked)
    if problem:
        raise ProviderError(f"{what}: {problem}")


def _deployment(inputs: Properties) -> dict[str, Any]:
    deployment = inputs.get("deploymentConfig")
    return {"DeploymentConfig": to_aws(deployment)} if deployment else {}


def _has_auto_rollback(deployment: Value) -> bool:
    return isinstance(deployment, dict) and bool(deployment.get("autoRollbackConfiguration"))


def _given(inputs: Properties, *members: str) -> dict[str, Any]:
    """Return those of the inputs that have a value, with AWS's names."""
    return {name[:1].upper() + name[1:]: to_aws(inputs[name]) for name in members if inputs.get(name)}


def _tags(aws: Aws, doing: str, arn: str) -> Value:
    answer = attempt(doing, aws.client("sagemaker").list_tags, ResourceArn=arn)
    return tag_map(answer.get("Tags", ()))


RESOURCES: tuple[Resource, ...] = (Model(), EndpointConfiguration(), Endpoint())
