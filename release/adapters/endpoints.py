"""SageMaker's endpoints: asking what is served, moving traffic, and invocations.

Deciding what an answer means is not done here (`release/domain/landed.py`, `release/domain/preflight.py`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from release.adapters.aws import StageAws, error_code
from release.domain import names, scaling
from release.domain.deployment import Deployment, deployment_config
from release.domain.landed import Description
from release.domain.scaling import Scaling
from release.ports import Busy, ModelAnswered, Unanswered

LISTED_AT_ONCE = 100
"""Most names in one answer of SageMaker's lists."""
TARGETS_AT_ONCE = 50
"""Most resources that one DescribeScalableTargets may ask for, and answers at once."""
_NO_ANSWER = {
    "ModelError",
    "ModelNotReadyException",
    "InternalFailure",
    "InternalDependencyException",
    "ServiceUnavailable",
    "ThrottlingException",
}
"""InvokeEndpoint's errors that say nothing about rights or names (SageMaker Runtime's API reference)."""


class Endpoints:
    """The SageMaker endpoints of one stage. Methods may raise boto3's errors."""

    def __init__(self, aws: StageAws) -> None:
        self._stage = aws.stage
        self._sagemaker = aws.client("sagemaker")
        self._runtime = aws.client("sagemaker-runtime")
        self._scaling = aws.client("application-autoscaling")

    def describe(self, endpoint: str) -> Description | None:
        """DescribeEndpoint's answer, None when there is no such endpoint."""
        return _or_none(self._sagemaker.describe_endpoint, EndpointName=endpoint)

    def update(self, endpoint: str, config: str, deployment: Deployment | None) -> None:
        """One UpdateEndpoint to `config`, with the live variant's instance count of this moment.

        Without a deployment it is a plain update, as it has to be where variants come or go.
        """
        guarded = {"DeploymentConfig": deployment_config(deployment)} if deployment else {}
        _unless_busy(
            self._sagemaker.update_endpoint,
            EndpointName=endpoint,
            EndpointConfigName=config,
            RetainAllVariantProperties=True,
            ExcludeRetainedVariantProperties=[
                {"VariantPropertyType": "DesiredWeight"},
                {"VariantPropertyType": "DataCaptureConfig"},
            ],
            **guarded,
        )

    def rescale(self, endpoint: str, weights: Mapping[str, float], counts: Mapping[str, int]) -> None:
        """One UpdateEndpointWeightsAndCapacities: new weights and desired counts of variants, by name.

        Raises Busy while SageMaker works on the endpoint.
        """
        changes: dict[str, dict[str, Any]] = {name: {"VariantName": name} for name in (*weights, *counts)}
        for name, weight in weights.items():
            changes[name]["DesiredWeight"] = weight
        for name, count in counts.items():
            changes[name]["DesiredInstanceCount"] = count
        _unless_busy(
            self._sagemaker.update_endpoint_weights_and_capacities,
            EndpointName=endpoint,
            DesiredWeightsAndCapacities=list(changes.values()),
        )

    def hold_scaling(self, endpoint: str) -> None:
        """Keep autoscaling from taking instances of the live variant away; adding some stays allowed.

        While a candidate bears part of the traffic live is less busy, and needs its instances at once when
        the candidate fails.
        """
        self._suspend_scale_in(endpoint, suspended=True)

    def free_scaling(self, endpoint: str) -> None:
        """Let autoscaling work as before."""
        self._suspend_scale_in(endpoint, suspended=False)

    def bounds(self, endpoints: Sequence[str]) -> Mapping[str, tuple[int, int]]:
        """Least and most instances between which autoscaling moves live, of those that it scales."""
        name = {scaling.resource(endpoint): endpoint for endpoint in endpoints}
        asked = list(name)
        found = (
            target
            for start in range(0, len(asked), TARGETS_AT_ONCE)
            for target in self._targets(asked[start : start + TARGETS_AT_ONCE])
        )
        return {name[one["ResourceId"]]: (one["MinCapacity"], one["MaxCapacity"]) for one in found}

    def end_scaling(self, endpoint: str) -> None:
        """Take the live variant from autoscaling, its policies too; nothing happens where it has none."""
        try:
            self._scaling.deregister_scalable_target(**_SCALED, ResourceId=scaling.resource(endpoint))
        except ClientError as error:
            if error_code(error) != "ObjectNotFoundException":
                raise

    def begin_scaling(self, endpoint: str, asked: Scaling, held: bool) -> None:
        """Give the live variant to autoscaling, where it has none, and its policy, where that is missing.

        With `held` as after `hold_scaling`. What is there already stays as it is.
        """
        place = {**_SCALED, "ResourceId": scaling.resource(endpoint)}
        if self._target(endpoint) is None:
            self._scaling.register_scalable_target(
                **place,
                MinCapacity=asked.least,
                MaxCapacity=asked.most,
                SuspendedState={"DynamicScalingInSuspended": held},
            )
        if asked.invocations is None or self._scaling.describe_scaling_policies(**place)["ScalingPolicies"]:
            return
        self._scaling.put_scaling_policy(
            **place,
            PolicyName=scaling.policy(endpoint),
            PolicyType=scaling.POLICY_TYPE,
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": asked.invocations,
                "PredefinedMetricSpecification": {"PredefinedMetricType": scaling.METRIC},
                "ScaleOutCooldown": scaling.SCALE_OUT_SECONDS,
                "ScaleInCooldown": scaling.SCALE_IN_SECONDS,
            },
        )

    def _suspend_scale_in(self, endpoint: str, suspended: bool) -> None:
        found, state = self._target(endpoint), {"DynamicScalingInSuspended": suspended}
        if found and (found.get("SuspendedState") or {}).get("DynamicScalingInSuspended", False) != suspended:
            self._scaling.register_scalable_target(
                **_SCALED, ResourceId=scaling.resource(endpoint), SuspendedState=state
            )

    def _target(self, endpoint: str) -> dict[str, Any] | None:
        return next(iter(self._targets([scaling.resource(endpoint)])), None)

    def _targets(self, resources: list[str]) -> list[dict[str, Any]]:
        return self._scaling.describe_scalable_targets(**_SCALED, ResourceIds=resources)["ScalableTargets"]

    def delete(self, endpoint: str) -> None:
        """Delete an endpoint that never served."""
        self._sagemaker.delete_endpoint(EndpointName=endpoint)

    def config_names(self) -> frozenset[str]:
        """The names of all endpoint configs with the stage in their name."""
        pages = self._listed("list_endpoint_configs")
        return frozenset(found["EndpointConfigName"] for page in pages for found in page["EndpointConfigs"])

    def model_names(self) -> frozenset[str]:
        """The names of all models with the stage in their name."""
        return frozenset(f["ModelName"] for page in self._listed("list_models") for f in page["Models"])

    def _listed(self, call: str) -> Iterable[dict[str, Any]]:
        pages = self._sagemaker.get_paginator(call)
        return pages.paginate(NameContains=f"-{self._stage}-", PaginationConfig={"PageSize": LISTED_AT_ONCE})

    def config_model(self, config: str) -> str | None:
        """The model that an endpoint config's first variant serves, None when there is no such config."""
        found = _or_none(self._sagemaker.describe_endpoint_config, EndpointConfigName=config)
        return found["ProductionVariants"][0]["ModelName"] if found else None

    def instance_types(self, config: str) -> Mapping[str, str]:
        """The instance types of an endpoint config's production variants; none of one that is not there."""
        found = _or_none(self._sagemaker.describe_endpoint_config, EndpointConfigName=config) or {}
        variants = found.get("ProductionVariants") or []
        return {variant["VariantName"]: str(variant.get("InstanceType") or "") for variant in variants}

    def model_container(self, model: str) -> Mapping[str, Any] | None:
        """A model's `PrimaryContainer`, None when there is no such model."""
        found = _or_none(self._sagemaker.describe_model, ModelName=model)
        return (found.get("PrimaryContainer") or {}) if found else None

    def invoke(
        self, endpoint: str, body: bytes, content_type: str, variant: str | None = None, accept: str = ""
    ) -> Mapping[str, Any]:
        """InvokeEndpoint, answer in `accept` or else the content type of the request; `Body` is read already.

        Raises Unanswered when neither the model nor the service gave an answer.
        """
        aimed = {"TargetVariant": variant} if variant else {}
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=endpoint,
                Body=body,
                ContentType=content_type,
                Accept=accept or content_type,
                InferenceId=names.OWN_REQUEST,
                **aimed,
            )
        except ClientError as error:
            status = error.response.get("OriginalStatusCode")
            if error_code(error) == "ModelError" and status:
                said = str(error.response.get("OriginalMessage", ""))
                raise ModelAnswered(int(status), said, str(error)) from None
            if error_code(error) in _NO_ANSWER:
                raise Unanswered(str(error)) from None
            raise
        return answer | {"Body": answer["Body"].read()}


_SCALED = {"ServiceNamespace": scaling.NAMESPACE, "ScalableDimension": scaling.DIMENSION}
_FIRST = ("in-progress", "must be deregistered")
"""What SageMaker says where somebody was first: with an update, or by registering the variant again."""


def _unless_busy(call: Callable[..., Any], **arguments: Any) -> None:
    try:
        call(**arguments)
    except ClientError as error:
        # A ValidationException too, told apart by its text alone: "Cannot update in-progress endpoint".
        said = error.response.get("Error", {}).get("Message", "")
        if any(words in said for words in _FIRST):
            raise Busy(str(error)) from None
        raise


def _or_none(call: Callable[..., Any], **arguments: str) -> Any:
    try:
        return call(**arguments)
    except ClientError as error:
        # SageMaker has no code for "no such thing": it is a ValidationException with this text.
        message = error.response.get("Error", {}).get("Message", "")
        if error_code(error) in {"ValidationException", "ResourceNotFound"} and "ould not find" in message:
            return None
        raise
