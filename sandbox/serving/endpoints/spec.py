"""What a deployment is made from: an endpoint config and the models that it names, as AWS has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DeploymentSpec:
    """An endpoint config with its models, as they were when the deployment began.

    SageMaker lets both be deleted while an endpoint uses them; a running fleet does not notice.
    """

    config_name: str
    config: Mapping[str, Any]
    models: Mapping[str, Mapping[str, Any]]
    """CreateModel's requests by the model's name, each with the container that runs as PrimaryContainer."""

    @property
    def variants(self) -> Sequence[Mapping[str, Any]]:
        """The config's ProductionVariants."""
        return self.config["ProductionVariants"]

    @property
    def shadow_variants(self) -> Sequence[Mapping[str, Any]]:
        """The config's ShadowProductionVariants."""
        return self.config.get("ShadowProductionVariants") or []


def primary_container(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one container that a model runs."""
    return model["PrimaryContainer"]


def model_data_url(container: Mapping[str, Any]) -> str | None:
    """Where a container's model archive lies, or None when it has none."""
    source = (container.get("ModelDataSource") or {}).get("S3DataSource") or {}
    return container.get("ModelDataUrl") or source.get("S3Uri")
