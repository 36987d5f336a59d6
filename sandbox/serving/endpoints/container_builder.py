"""Prepares the containers of a deployment: finds and unpacks its images and model artifacts.

Blocking; called from a thread. Raises DeploymentFailed with the words that SageMaker would use.
"""

from collections.abc import Callable, Mapping
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


class ContainerBuilder:
    """Makes the containers of deployments. Images and model artifacts come from where it is told."""

    def __init__(
        self,
        settings: Settings,
        faults: Faults,
        runtime: Runtime,
        find_image: FindImage,
        read_object: ReadObject,
        refusal: Refusal,
    ) -> None:
        self._settings = settings
        self._faults = faults
        self._runtime = runtime
        self._find_image = find_image
        self._read_object = read_object
        self._refusal = refusal

    def containers(self, endpoint: Endpoint, spec: DeploymentSpec) -> dict[str, Container]:
        """One container per production and shadow variant of the spec."""
        if self._faults.for_outage():
            raise DeploymentFailed(NO_REGISTRY)
        return {
            variant["VariantName"]: self._container(
                endpoint, spec, variant["VariantName"], variant["ModelName"]
            )
            for variant in [*spec.variants, *spec.shadow_variants]
        }

    def _container(self, endpoint: Endpoint, spec: DeploymentSpec, variant: str, model: str) -> Container:
        definition = primary_container(spec.models[model])
        role = spec.models[model].get("ExecutionRoleArn", "")
        if self._faults.for_endpoint("image_denied", endpoint.endpoint_name, variant, spec.config_name):
            raise DeploymentFailed(IMAGE_DENIED.format(role, definition["Image"]))
        if self._faults.for_endpoint("key_denied", endpoint.endpoint_name, variant, spec.config_name):
            raise DeploymentFailed(KEY_DENIED.format(model_data_url(definition), role))
        refusal = self._refusal(endpoint.account, endpoint.region, variant, spec.models[model])
        if refusal is not None:
            raise DeploymentFailed(refusal)
        image = self._find_image(definition["Image"])
        if image is None:
            raise DeploymentFailed(
                f"The image '{definition['Image']}' does not exist. Specify an existing image and try again."
            )
        meant = endpoint.endpoint_name, variant, spec.config_name
        slow = self._faults.for_endpoint("slow_ping", *meant)
        fail = self._faults.for_endpoint("fail_ping", *meant)
        try:
            prepared = self._runtime.image(image.digest, image.manifest)
            model_dir = self._model(endpoint, definition)
        except (ImageError, OSError) as error:
            raise DeploymentFailed(f"Failed to prepare production variant {variant}: {error}") from error
        return Container(
            endpoint=endpoint.endpoint_name,
            variant=variant,
            config=spec.config_name,
            account=endpoint.account,
            region=endpoint.region,
            role=role,
            image=prepared,
            specified_image=definition["Image"],
            resolved_image=image.resolved,
            model_dir=model_dir,
            environment=definition.get("Environment") or {},
            slow_ping=slow.seconds if slow else 0.0,
            ping_held=lambda: self._faults.for_endpoint("hold", *meant) is not None,
            fail_ping=fail is not None,
        )

    def _model(self, endpoint: Endpoint, definition: Mapping[str, Any]) -> Path:
        url = model_data_url(definition)
        if url is None:
            empty = self._settings.models / "none"
            empty.mkdir(parents=True, exist_ok=True)
            return empty
        fault = self._faults.for_call("s3", "GetObject")
        data = None if fault else self._read_object(endpoint.account, url)
        if data is None:
            raise DeploymentFailed(NO_DATA.format(url))
        try:
            return unpack_model(data, self._settings.models)
        except ImageError as error:
            raise DeploymentFailed(NO_ARCHIVE.format(url)) from error
