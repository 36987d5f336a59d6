"""Pre-flight: is everything that a pinned release needs to serve still there? Pure.

A rollback moves the traffic by one UpdateEndpoint, so everything is proven before it: an endpoint config that
was deleted, or an image that expired, would strand the endpoint half-way.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from release.domain import container, landed, names
from release.domain.landed import Description
from release.domain.pins import ReleasePin
from release.domain.plan import ConfigPlan


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
    alarms_missing: tuple[str, ...] = ()
    """Those of the alarms that the deployment names which do not exist."""


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
    found += [f"the alarm {name} of the way back does not exist" for name in facts.alarms_missing]
    return found


@dataclass(frozen=True)
class SecondFleet:
    """What an update needs beside what serves: its own instances, of which an account has so many at most."""

    instance_type: str
    more: int
    """Instances of the fleet that comes."""
    now: int
    """Instances of this type that the endpoint has already."""

    def lacks(self, quota: float) -> str | None:
        """Why the account cannot have it, or None. Other endpoints' instances are not counted: it is sure."""
        if self.now + self.more <= quota:
            return None
        return (
            f"the account may have {quota:g} instances of {self.instance_type} for endpoints; the endpoint "
            f"has {self.now}, and needs {self.more} more until the new fleet serves"
        )


def second_fleet(
    goal: ConfigPlan, description: Description | None, types: Mapping[str, str]
) -> SecondFleet | None:
    """The fleet that an update to `goal` brings up; None where the endpoint serves it, or does not exist.

    `types` are the instance types of its variants now. The live variant keeps the count that it has.
    """
    if description is None or description.get("EndpointConfigName") == goal.name:
        return None
    live = next(variant for variant in goal.production if variant.name == names.LIVE)
    counts = landed.counts(description)
    now = sum(count for name, count in counts.items() if types.get(name) == live.instance_type)
    return SecondFleet(live.instance_type, landed.desired_count(description) or live.capacity, now)
