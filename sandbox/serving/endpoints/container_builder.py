"""Prepares the containers of a deployment, or of a transform job: unpacks images and model artifacts.

Blocking; called from a thread. Raises DeploymentFailed with the words that SageMaker would use.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.core.faults import Faults
from sandbox.core.settings import Settings
from sandbox.serving.endpoints.failures import (
    IMAGE_DENIED,
    KEY_DENIED,
    NO_ARCHIVE,
    NO_DATA,
    NO_REGISTRY,
    DeploymentFailed,
)
from sandbox.serving.endpoints.spec import DeploymentSpec, model_data_url, primary_container
from sandbox.serving.endpoints.state import Endpoint
from sandbox.serving.images.blobs import ImageError
from sandbox.serving.images.references import FoundImage
from sandbox.serving.images.store import unpack_model
from sandbox.serving.runtimes.container import Container
from sandbox.serving.runtimes.runtime import Runtime

FindImage = Callable[[str], FoundImage | None]
"""The image that a reference names, or None where there is none."""

ReadObject = Callable[[str, str], bytes | None]
"""The bytes at an `s3://` URI (account, URI), or None where there is no object."""

Refusal = Callable[[str, str, str, Mapping[str, Any]], str | None]
"""Why a model's execution role keeps it from being deployed (account, region, variant, model), or None."""


Access = Callable[[str, str], Mapping[str, str]]
"""What a container with a network finds AWS by (account, the role's ARN): variables."""


@dataclass(frozen=True)
class ContainerOwner:
    """Whose a container is: an account's and region's endpoint, variant and config.

    What it owns besides is laid over the model's: variables, and where its output goes in CloudWatch Logs.
    """

    account: str
    region: str
    endpoint: str
    variant: str
    config: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    log_group: str = ""

    @property
    def meant(self) -> tuple[str, str, str]:
        """What a fault is meant for."""
        return self.endpoint, self.variant, self.config


class ContainerBuilder:
    """Makes the containers of deployments and of transform jobs, from where it is told."""

    def __init__(
        self,
        settings: Settings,
        faults: Faults,
        runtime: Runtime,
        find_image: FindImage,
        read_object: ReadObject,
        refusal: Refusal,
        access: Access,
    ) -> None:
        self._settings = settings
        self._faults = faults
        self._runtime = runtime
        self._find_image = find_image
        self._read_object = read_object
        self._refusal = refusal
        self._access = access

    def containers(self, endpoint: Endpoint, spec: DeploymentSpec) -> dict[str, Container]:
        """One container per production and shadow variant of the spec."""
        if self._faults.for_outage():
            raise DeploymentFailed(NO_REGISTRY)
        place = endpoint.account, endpoint.region, endpoint.endpoint_name
        return {
            variant["VariantName"]: self.container(
                ContainerOwner(*place, variant["VariantName"], spec.config_name),
                spec.models[variant["ModelName"]],
            )
            for variant in [*spec.variants, *spec.shadow_variants]
        }

    def container(self, owner: ContainerOwner, model: Mapping[str, Any]) -> Container:
        """The container of one model, as CreateModel's request has it."""
        definition = primary_container(model)
        role = model.get("ExecutionRoleArn", "")
        if self._faults.for_endpoint("image_denied", *owner.meant):
            raise DeploymentFailed(IMAGE_DENIED.format(role, definition["Image"]))
        if self._faults.for_endpoint("key_denied", *owner.meant):
            raise DeploymentFailed(KEY_DENIED.format(model_data_url(definition), role))
        refusal = self._refusal(owner.account, owner.region, owner.variant, model)
        if refusal is not None:
            raise DeploymentFailed(refusal)
        image = self._find_image(definition["Image"])
        if image is None:
            raise DeploymentFailed(
                f"The image '{definition['Image']}' does not exist. Specify an existing image and try again."
            )
        access = {} if model.get("EnableNetworkIsolation") else self._access(owner.account, role)
        slow = self._faults.for_endpoint("slow_ping", *owner.meant)
        fail = self._faults.for_endpoint("fail_ping", *owner.meant)
        try:
            prepared = self._runtime.image(image.digest, image.manifest)
            model_dir = self._model(owner.account, definition)
        except (ImageError, OSError) as error:
            raise DeploymentFailed(
                f"Failed to prepare production variant {owner.variant}: {error}"
            ) from error
        return Container(
            endpoint=owner.endpoint,
            variant=owner.variant,
            config=owner.config,
            account=owner.account,
            region=owner.region,
            role=role,
            image=prepared,
            specified_image=definition["Image"],
            resolved_image=image.resolved,
            model_dir=model_dir,
            environment={**access, **(definition.get("Environment") or {}), **owner.environment},
            log_group=owner.log_group,
            slow_ping=slow.seconds if slow else 0.0,
            ping_held=lambda: self._faults.for_endpoint("hold", *owner.meant) is not None,
            fail_ping=fail is not None,
        )

    def _model(self, account: str, definition: Mapping[str, Any]) -> Path:
        url = model_data_url(definition)
        if url is None:
            empty = self._settings.models / "none"
            empty.mkdir(parents=True, exist_ok=True)
            return empty
        fault = self._faults.for_call("s3", "GetObject")
        data = None if fault else self._read_object(account, url)
        if data is None:
            raise DeploymentFailed(NO_DATA.format(url))
        try:
            return unpack_model(data, self._settings.models)
        except ImageError as error:
            raise DeploymentFailed(NO_ARCHIVE.format(url)) from error
