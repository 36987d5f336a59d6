"""Pre-flight: is everything that a pinned release needs to serve still there? Pure.

A rollback moves the traffic by one UpdateEndpoint, so everything is proven before it: an endpoint config that
was deleted, or an image that expired, would strand the endpoint half-way.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from release.domain import container
from release.domain.pins import ReleasePin


@dataclass(frozen=True)
class Facts:
    """What AWS says about what a release needs; None or False where it is gone."""

    config_model: str | None
    """Model that the endpoint config serves."""
    model_image: str | None
    """Image of the SageMaker model, with its digest."""
    model_data: str | None
    """S3 URI of the SageMaker model's artifact."""
    model_environment: Mapping[str, str]
    """Variables of the SageMaker model."""
    object_sha256: str | None
    """SHA-256 of the artifact's bytes in the bucket."""
    image_present: bool
    role_present: bool


def problems(
    pin: ReleasePin, config_name: str, model_name: str, facts: Facts, remake: bool = False
) -> list[str]:
    """What keeps `pin` from serving; empty when nothing does.

    `remake` says that a missing model or config would be made again on the way: a rollout that is taken back
    after its end makes a fleet's old shape anew.
    """
    found = []
    if facts.config_model is None:
        found += [] if remake else [f"endpoint config {config_name} does not exist"]
    elif facts.config_model != model_name:
        found.append(f"endpoint config {config_name} serves {facts.config_model}, not {model_name}")
    if facts.model_image is None:
        found += [] if remake else [f"model {model_name} does not exist"]
    else:
        if facts.model_image.rpartition("@")[2] != pin.digest:
            found.append(f"model {model_name} runs {facts.model_image}, the pin says {pin.digest}")
        if facts.model_data != pin.model:
            found.append(f"model {model_name} loads {facts.model_data}, the pin says {pin.model}")
        if others := container.differing(facts.model_environment, pin.environment):
            found.append(
                f"model {model_name} has another {', '.join(others)} in its environment than the pin says"
            )
    if facts.object_sha256 is None:
        found.append(f"the artifact {pin.model} does not exist")
    elif facts.object_sha256 != pin.sha256:
        found.append(f"the artifact {pin.model} has SHA-256 {facts.object_sha256}, the pin says {pin.sha256}")
    if not facts.image_present:
        found.append(f"the image {pin.image} is not in the registry")
    if not facts.role_present:
        found.append("the execution role does not exist")
    return found
