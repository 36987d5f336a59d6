"""From a recipe to containers that can start: resolve the images, unpack them and the model artifacts.

Blocking; called from a thread. Raises DeploymentFailed with the words that SageMaker would use.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.aws import objects
from sandbox.aws.ecr import find_image
from sandbox.aws.models import model_data_url, primary_container
from sandbox.core.faults import Faults
from sandbox.core.settings import Settings
from sandbox.endpoints.state import Endpoint, Recipe
from sandbox.fleets.container import Container
from sandbox.fleets.runtimes import Runtime
from sandbox.images.blobs import ImageError
from sandbox.images.store import unpack_model

NO_REGISTRY = "Failed to pull the image: the registry is not available. Please try again after some time."


class DeploymentFailed(Exception):
    """A deployment that cannot be; `reason` becomes the endpoint's FailureReason.

    `stuck` says that it cannot be taken back either.
    """

    def __init__(self, reason: str | None, *, stuck: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.stuck = stuck


class Builder:
    """Makes the containers of deployments."""

    def __init__(self, settings: Settings, faults: Faults, runtime: Runtime) -> None:
        self._settings = settings
        self._faults = faults
        self._runtime = runtime

    def containers(self, endpoint: Endpoint, recipe: Recipe) -> dict[str, Container]:
        """One container per production and shadow variant of the recipe."""
        if self._faults.for_outage():
            raise DeploymentFailed(NO_REGISTRY)
        return {
            variant["VariantName"]: self._container(
                endpoint, recipe, variant["VariantName"], variant["ModelName"]
            )
            for variant in [*recipe.variants, *recipe.shadow_variants]
        }

    def _container(self, endpoint: Endpoint, recipe: Recipe, variant: str, model: str) -> Container:
        definition = primary_container(recipe.models[model])
        image = find_image(definition["Image"])
        if image is None:
            raise DeploymentFailed(
                f"The image '{definition['Image']}' does not exist. Specify an existing image and try again."
            )
        meant = endpoint.endpoint_name, variant, recipe.config_name
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
            config=recipe.config_name,
            account=endpoint.account,
            region=endpoint.region,
            image=prepared,
            specified_image=definition["Image"],
            resolved_image=image.resolved,
            model_dir=model_dir,
            environment=definition.get("Environment") or {},
            slow_ping=slow.seconds if slow else 0.0,
            fail_ping=fail is not None,
        )

    def _model(self, endpoint: Endpoint, definition: Mapping[str, Any]) -> Path:
        url = model_data_url(definition)
        if url is None:
            empty = self._settings.models / "none"
            empty.mkdir(parents=True, exist_ok=True)
            return empty
        fault = self._faults.for_call("s3", "GetObject")
        data = None if fault else objects.read(endpoint.account, url)
        if data is None:
            raise DeploymentFailed(
                f'Failed to download model data for container "container_1" from URL: "{url}". Please ensure '
                "that there is an object located at the URL and that the role passed to CreateModel has "
                "permissions to download the object."
            )
        return unpack_model(data, self._settings.models)
