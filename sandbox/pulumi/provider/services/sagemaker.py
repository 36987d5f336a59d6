"""SageMaker: model, endpoint configuration and endpoint.

The endpoint behaves like the real provider's, faults included: it waits for `InService` and asks nothing
more, so an update that SageMaker took back by itself counts as a success; what is served then shows as
drift. It never sends RetainAllVariantProperties, so an update sets the counts of the new configuration.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.pulumi.provider.aws import Aws, ProviderError, attempt, find, tag_list
from sandbox.pulumi.provider.properties import Default, Property
from sandbox.pulumi.provider.resource import NAME, TAGS, Resource, Update, wait_until
from sandbox.pulumi.provider.shapes import from_aws, to_aws
from sandbox.pulumi.provider.values import Properties, Value

_GONE = ("ValidationException:could not find", "ResourceNotFound", "ValidationException:does not exist")
_WORKING = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})


class Model(Resource):
    """An image and the model data it loads. Nothing of it can be changed, but its tags."""

    token = "aws:sagemaker/model:Model"  # noqa: S105
    label = "SageMaker Model"
    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        "executionRoleArn": Property(required=True, replaces=True),
        "primaryContainer": Property(replaces=True),
        "containers": Property(replaces=True),
        "enableNetworkIsolation": Property(replaces=True),
        "vpcConfig": Property(replaces=True),
        "tags": TAGS,
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = str(inputs["name"])
        parameters: dict[str, Any] = {
            "ModelName": name,
            "Tags": tag_list(aws.all_tags(inputs.get("tags"))),
        }
        for member in ("executionRoleArn", "primaryContainer", "containers", "vpcConfig"):
            if inputs.get(member):
                parameters[member[:1].upper() + member[1:]] = to_aws(inputs[member])
        if inputs.get("enableNetworkIsolation"):
            parameters["EnableNetworkIsolation"] = True
        attempt(f"creating {self.label} ({name})", aws.client("sagemaker").create_model, **parameters)
        return name

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        sagemaker = aws.client("sagemaker")
        doing = f"reading {self.label} ({identifier})"
        found = find(doing, _GONE, sagemaker.describe_model, ModelName=identifier)
        if found is None:
            return None
        return {
            "name": found["ModelName"],
            "arn": found["ModelArn"],
            "executionRoleArn": found.get("ExecutionRoleArn"),
            "enableNetworkIsolation": found.get("EnableNetworkIsolation", False),
            "primaryContainer": from_aws(found.get("PrimaryContainer") or None),
            "containers": from_aws(found.get("Containers") or None),
            "vpcConfig": from_aws(found.get("VpcConfig") or None),
            "tagsAll": _tags(sagemaker, doing, found["ModelArn"]),
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        _retag(aws, f"updating {self.label} ({identifier})", update)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        delete = aws.client("sagemaker").delete_model
        find(f"deleting {self.label} ({identifier})", _GONE, delete, ModelName=identifier)


class EndpointConfiguration(Resource):
    """Which models an endpoint serves, on what. Nothing of it can be changed, but its tags."""

    token = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"  # noqa: S105
    label = "SageMaker Endpoint Configuration"
    properties: ClassVar[Mapping[str, Property]] = {
        "name": NAME,
        "productionVariants": Property(required=True, replaces=True),
        "shadowProductionVariants": Property(replaces=True),
        "dataCaptureConfig": Property(replaces=True),
        "kmsKeyArn": Property(replaces=True),
        "executionRoleArn": Property(replaces=True, default=Default.COMPUTED),
        "tags": TAGS,
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = str(inputs["name"])
        parameters: dict[str, Any] = {
            "EndpointConfigName": name,
            "Tags": tag_list(aws.all_tags(inputs.get("tags"))),
        }
        members = ("productionVariants", "shadowProductionVariants", "dataCaptureConfig", "executionRoleArn")
        for member in members:
            if inputs.get(member):
                parameters[member[:1].upper() + member[1:]] = to_aws(inputs[member])
        if inputs.get("kmsKeyArn"):
            parameters["KmsKeyId"] = inputs["kmsKeyArn"]
        create = aws.client("sagemaker").create_endpoint_config
        attempt(f"creating {self.label} ({name})", create, **parameters)
        return name

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        sagemaker = aws.client("sagemaker")
        doing = f"reading {self.label} ({identifier})"
        found = find(doing, _GONE, sagemaker.describe_endpoint_config, EndpointConfigName=identifier)
        if found is None:
            return None
        return {
            "name": found["EndpointConfigName"],
            "arn": found["EndpointConfigArn"],
            "productionVariants": from_aws(found["ProductionVariants"]),
            "shadowProductionVariants": from_aws(found.get("ShadowProductionVariants") or None),
            "dataCaptureConfig": from_aws(found.get("DataCaptureConfig") or None),
            "kmsKeyArn": found.get("KmsKeyId"),
            "executionRoleArn": found.get("ExecutionRoleArn"),
            "tagsAll": _tags(sagemaker, doing, found["EndpointConfigArn"]),
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        _retag(aws, f"updating {self.label} ({identifier})", update)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        delete = aws.client("sagemaker").delete_endpoint_config
        find(f"deleting {self.label} ({identifier})", _GONE, delete, EndpointConfigName=identifier)


class Endpoint(Resource):
    """What clients invoke."""

    token = "aws:sagemaker/endpoint:Endpoint"  # noqa: S105
    label = "SageMaker Endpoint"

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

    def create(self, aws: Aws, inputs: Properties) -> str:
        name = str(inputs["name"])
        attempt(
            f"creating {self.label} ({name})",
            aws.client("sagemaker").create_endpoint,
            EndpointName=name,
            EndpointConfigName=inputs["endpointConfigName"],
            Tags=tag_list(aws.all_tags(inputs.get("tags"))),
            **_deployment(inputs),
        )
        return name

    def finish(self, aws: Aws, identifier: str, inputs: Properties, timeout: float) -> None:
        _wait_in_service(aws, f"creating {self.label} ({identifier})", identifier, timeout)

    def read(self, aws: Aws, identifier: str, known: Properties) -> Properties | None:
        sagemaker = aws.client("sagemaker")
        doing = f"reading {self.label} ({identifier})"
        found = find(doing, _GONE, sagemaker.describe_endpoint, EndpointName=identifier)
        if found is None:
            return None
        return {
            "name": found["EndpointName"],
            "arn": found["EndpointArn"],
            # Absent while an endpoint that never was in service is being created, or has failed.
            "endpointConfigName": found.get("EndpointConfigName") or known.get("endpointConfigName"),
            "deploymentConfig": from_aws(found.get("LastDeploymentConfig") or None),
            "tagsAll": _tags(sagemaker, doing, found["EndpointArn"]),
        }

    def update(self, aws: Aws, identifier: str, update: Update) -> None:
        doing = f"updating {self.label} ({identifier})"
        _retag(aws, doing, update)
        if update.changed & {"endpointConfigName", "deploymentConfig"}:
            attempt(
                doing,
                aws.client("sagemaker").update_endpoint,
                EndpointName=identifier,
                EndpointConfigName=update.inputs["endpointConfigName"],
                **_deployment(update.inputs),
            )
        # Also where nothing changed: the engine repeats an update whose endpoint failed.
        _wait_in_service(aws, doing, identifier, update.timeout)

    def delete(self, aws: Aws, identifier: str, state: Properties, timeout: float) -> None:
        sagemaker = aws.client("sagemaker")
        doing = f"deleting {self.label} ({identifier})"
        if find(doing, _GONE, sagemaker.delete_endpoint, EndpointName=identifier) is None:
            return

        def gone() -> bool | None:
            found = find(doing, _GONE, sagemaker.describe_endpoint, EndpointName=identifier)
            if found is not None and found["EndpointStatus"] == "Failed":
                raise ProviderError(f"{doing}: {found.get('FailureReason', 'it failed')}")
            return True if found is None else None

        wait_until(aws, doing, timeout, gone)


def _wait_in_service(aws: Aws, doing: str, name: str, timeout: float) -> None:
    """Wait until the endpoint is in service, with whatever configuration it then has."""
    describe = aws.client("sagemaker").describe_endpoint

    def settled() -> Mapping[str, Any] | None:
        found = attempt(doing, describe, EndpointName=name)
        return None if found["EndpointStatus"] in _WORKING else found

    endpoint = wait_until(aws, doing, timeout, settled)
    if endpoint["EndpointStatus"] != "InService":
        reason = endpoint.get("FailureReason", "SageMaker gives no reason")
        raise ProviderError(f"{doing}: the endpoint's status is {endpoint['EndpointStatus']}: {reason}")


def _deployment(inputs: Properties) -> dict[str, Any]:
    deployment = inputs.get("deploymentConfig")
    return {"DeploymentConfig": to_aws(deployment)} if deployment else {}


def _has_auto_rollback(deployment: Value) -> bool:
    return isinstance(deployment, dict) and bool(deployment.get("autoRollbackConfiguration"))


def _tags(sagemaker: Any, doing: str, arn: str) -> Value:
    answer = attempt(doing, sagemaker.list_tags, ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for tag in answer.get("Tags", ())}


def _retag(aws: Aws, doing: str, update: Update) -> None:
    if "tags" not in update.changed:
        return
    sagemaker = aws.client("sagemaker")
    arn = update.state["arn"]
    if update.gone_tags:
        attempt(doing, sagemaker.delete_tags, ResourceArn=arn, TagKeys=list(update.gone_tags))
    if update.new_tags:
        attempt(doing, sagemaker.add_tags, ResourceArn=arn, Tags=tag_list(update.new_tags))


RESOURCES: tuple[Resource, ...] = (Model(), EndpointConfiguration(), Endpoint())
