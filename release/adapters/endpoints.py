"""SageMaker's endpoints: asking what is served, the one call of a rollback, and golden requests.

Deciding what an answer means is not done here (`release/domain/landed.py`, `release/domain/preflight.py`).
"""

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from release.adapters.artifacts import ArtifactStore
from release.adapters.aws import StageAws, error_code
from release.adapters.registry import Registry
from release.domain import golden as goldens
from release.domain import landed, names
from release.domain.errors import ServiceError
from release.domain.golden import Golden
from release.domain.pins import ReleasePin
from release.domain.plan import ConfigPlan, DeploymentPlan, deployment_config
from release.domain.preflight import RollbackFacts

Description = dict[str, Any]
POLL_SECONDS = 0.5
SMOKE_ATTEMPTS = 3


class Endpoints:
    """The SageMaker endpoints of one stage. Methods may raise boto3's errors."""

    def __init__(self, aws: StageAws) -> None:
        self._aws = aws
        self._sagemaker = aws.client("sagemaker")
        self._runtime = aws.client("sagemaker-runtime")

    def describe(self, endpoint: str) -> Description | None:
        """DescribeEndpoint's answer, None when there is no such endpoint."""
        return self._or_none(self._sagemaker.describe_endpoint, EndpointName=endpoint)

    def settled(self, endpoint: str, timeout: float, waiting: Callable[[str], None]) -> Description | None:
        """The description once SageMaker has stopped working on the endpoint.

        Raises ServiceError after `timeout` seconds: it is still at work then, and can be asked again.
        """
        deadline = time.monotonic() + timeout
        said = ""
        while True:
            description = self.describe(endpoint)
            if not landed.in_transition(description):
                return description
            assert description is not None
            if description["EndpointStatus"] != said:
                said = description["EndpointStatus"]
                waiting(f"SageMaker says {said}")
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"{endpoint} is still {said} after {timeout:.0f} s.",
                    "SageMaker goes on by itself; what is recorded so far stays.",
                    "Run the same command again: it goes on waiting.",
                )
            time.sleep(POLL_SECONDS)

    def desired_count(self, endpoint: str) -> int | None:
        """Instances that the live variant should have now (autoscaling may have raised it)."""
        description = self.describe(endpoint) or {}
        for variant in description.get("ProductionVariants") or []:
            if variant["VariantName"] == names.VARIANT:
                return variant.get("DesiredInstanceCount")
        return None

    def move(self, endpoint: str, config: str, deployment: DeploymentPlan) -> None:
        """One UpdateEndpoint to `config`, with the instance count of this moment."""
        self._sagemaker.update_endpoint(
            EndpointName=endpoint,
            EndpointConfigName=config,
            RetainAllVariantProperties=True,
            ExcludeRetainedVariantProperties=[
                {"VariantPropertyType": "DesiredWeight"},
                {"VariantPropertyType": "DataCaptureConfig"},
            ],
            DeploymentConfig=deployment_config(deployment),
        )

    def delete(self, endpoint: str) -> None:
        """Delete an endpoint that never served."""
        self._sagemaker.delete_endpoint(EndpointName=endpoint)

    def rollback_facts(self, pin: ReleasePin, config: ConfigPlan, role: str) -> RollbackFacts:
        """What AWS says about everything that going back to `pin` needs."""
        found = self._or_none(self._sagemaker.describe_endpoint_config, EndpointConfigName=config.name)
        model = self._or_none(self._sagemaker.describe_model, ModelName=config.model_name)
        container = (model or {}).get("PrimaryContainer") or {}
        return RollbackFacts(
            config_model=found["ProductionVariants"][0]["ModelName"] if found else None,
            model_image=container.get("Image"),
            model_data=container.get("ModelDataUrl"),
            object_sha256=ArtifactStore(self._aws).model_sha256(pin.model),
            image_present=Registry(self._aws).has(pin.digest),
            role_present=self._role_exists(role),
        )

    def smoke(self, endpoint: str, golden: Golden) -> str | None:
        """Send the golden requests; why an answer is wrong, or None when all are right.

        An answer that is no answer (5xx, throttling) is asked again, a wrong one is not.
        """
        for number, request in enumerate(golden.requests, start=1):
            problem = self._ask(endpoint, request, golden.tolerance)
            if problem:
                return f"golden request {number} of {len(golden.requests)}: {problem}"
        return None

    def invoke(self, endpoint: str, body: bytes, content_type: str, accept: str) -> dict[str, Any]:
        """InvokeEndpoint; `Body` is read already."""
        answer = self._runtime.invoke_endpoint(
            EndpointName=endpoint, Body=body, ContentType=content_type, Accept=accept
        )
        return answer | {"Body": answer["Body"].read()}

    def _ask(self, endpoint: str, request: goldens.GoldenRequest, tolerance: float) -> str | None:
        problem = ""
        for _ in range(SMOKE_ATTEMPTS):
            try:
                answer = self.invoke(
                    endpoint, request.body.encode(), request.content_type, request.content_type
                )
                scores = goldens.scores_of(answer["Body"], answer["ContentType"])
            except ClientError as error:
                problem = str(error)
                continue
            except (ValueError, KeyError, TypeError) as error:
                return f"the answer cannot be read: {error}"
            return goldens.mismatch(request, tolerance, scores)
        return problem

    def _role_exists(self, role: str) -> bool:
        try:
            self._aws.client("iam").get_role(RoleName=role)
        except ClientError as error:
            if error_code(error) in {"NoSuchEntity", "NoSuchEntityException"}:
                return False
            raise
        return True

    @staticmethod
    def _or_none(call: Callable[..., Any], **arguments: str) -> Any:
        try:
            return call(**arguments)
        except ClientError as error:
            # SageMaker has no code for "no such thing": it is a ValidationException with this text.
            message = error.response.get("Error", {}).get("Message", "")
            if (
                error_code(error) in {"ValidationException", "ResourceNotFound"}
                and "ould not find" in message
            ):
                return None
            raise
