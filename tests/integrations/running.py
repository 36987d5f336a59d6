"""What a stage's endpoint really runs, as SageMaker and the stage's bucket say it: no pin is asked."""

import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from release.domain import names
from tests.end_to_end.world import World


@dataclass(frozen=True)
class Running:
    """The bytes behind the one variant of an endpoint."""

    digest: str
    """Of the image that was resolved when it was deployed."""
    sha256: str
    """Of the artifact that its model loads, computed from the object in the bucket."""


def running(world: World, stage: str, endpoint: str = "delays") -> Running:
    """What serves in a stage that has one variant."""
    sagemaker = world.client("sagemaker")
    found = sagemaker.describe_endpoint(EndpointName=names.endpoint(endpoint, stage))
    (variant,) = found["ProductionVariants"]
    (image,) = variant["DeployedImages"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName=found["EndpointConfigName"])
    (declared,) = config["ProductionVariants"]
    model = sagemaker.describe_model(ModelName=declared["ModelName"])
    place = urlsplit(model["PrimaryContainer"]["ModelDataUrl"])
    body = world.client("s3").get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"]
    return Running(image["ResolvedImage"].partition("@")[2], hashlib.sha256(body.read()).hexdigest())


def pinned(world: World, stage: str, endpoint: str = "delays") -> Running:
    """What the stage's file says that its live release is."""
    pin = world.endpoint(stage, endpoint).live
    assert pin is not None
    return Running(pin.image.partition("@")[2], pin.sha256)
