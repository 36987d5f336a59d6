"""Members of CreateModel and CreateEndpointConfig: served, kept, or refused; never passed over."""

from typing import Any

import pytest

from sandbox.aws.sagemaker.members import MEMBERS
from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.members import PAGE, leaves, page, untold
from tests.sandbox.conformance.refusals import refused, unchecked
from tests.sandbox.conformance.test_models import create
from tests.sandbox.world import World


@pytest.mark.parametrize("action", MEMBERS)
def test_every_member_of_botocores_model_is_told_of(action: str) -> None:
    assert untold(action) == [], "say what becomes of it in sandbox/aws/sagemaker/members.py"


@pytest.mark.parametrize("action", MEMBERS)
def test_nothing_is_told_of_that_is_no_member(action: str) -> None:
    known = leaves(action)
    for path in MEMBERS[action]:
        assert any(f"{leaf}.".startswith(f"{path}.") for leaf in known), path


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.sandbox.conformance.members"


NOT_SERVED: list[dict[str, Any]] = [
    {"Mode": "MultiModel"},
    {"MultiModelConfig": {"ModelCacheSetting": "Enabled"}},
    {"InferenceSpecificationName": "one"},
    {
        "ModelDataSource": {
            "S3DataSource": {"S3Uri": "s3://x/y/", "S3DataType": "S3Prefix", "CompressionType": "None"}
        }
    },
]


@behaviour("SageMaker", "ContainerDefinition", covered=False)
def test_what_a_container_here_cannot_be(world: World) -> None:
    """Multi-model containers, uncompressed model data and named specifications are refused by name."""
    client = unchecked(world.sandbox)
    for members in NOT_SERVED:
        with refused("NotImplemented", next(iter(members)), 501):
            client.create_model(
                ModelName="not-served",
                ExecutionRoleArn=world.role,
                PrimaryContainer={"Image": f"{world.uri}@{world.digest}", **members},
            )
    assert all(model["ModelName"] != "not-served" for model in world.sagemaker.list_models()["Models"])


@behaviour("SageMaker", "CreateEndpointConfig", covered=False)
def test_what_an_endpoint_here_cannot_be(world: World) -> None:
    """Asynchronous inference, explainers, managed scaling and instance pools are refused by name."""
    client, model = unchecked(world.sandbox), world.model()
    variant = world.variant(model)
    output = {"S3OutputPath": "s3://bucket/out"}
    for of_config, of_variant in (
        ({"AsyncInferenceConfig": {"OutputConfig": output}}, {}),
        ({"MetricsConfig": {"EnableEnhancedMetrics": True}}, {}),
        ({}, {"ManagedInstanceScaling": {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2}}),
        ({}, {"CapacityReservationConfig": {"CapacityReservationPreference": "capacity-reservations-only"}}),
    ):
        (named,) = {**of_config, **of_variant}
        with refused("NotImplemented", named, 501):
            client.create_endpoint_config(
                EndpointConfigName="not-served", ProductionVariants=[{**variant, **of_variant}], **of_config
            )


@behaviour("SageMaker", "VpcConfig")
def test_a_network_is_kept(world: World) -> None:
    """A model's VpcConfig is described as it was given."""
    network = {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    name = world.name("model")
    world.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=world.role,
        PrimaryContainer={"Image": f"{world.uri}@{world.digest}"},
        VpcConfig=network,
    )
    assert world.sagemaker.describe_model(ModelName=name)["VpcConfig"] == network
    assert create(world)


@behaviour("SageMaker", "Search", covered=False)
def test_search(world: World) -> None:
    """Search answers NotImplemented: moto's finds some kinds, by some of their properties."""
    with refused("NotImplemented", "sagemaker Search", 501):
        world.sagemaker.search(Resource="ModelPackage")
