"""Endpoint configs: CreateEndpointConfig, DescribeEndpointConfig, DeleteEndpointConfig."""

from typing import Any

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused, unchecked
from tests.sandbox.world import BUCKET, World

CAPTURE: dict[str, Any] = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 50,
    "DestinationS3Uri": f"s3://{BUCKET}/captured",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
}


def broken(world: World, **changes: Any) -> None:
    """Create a config whose one variant is changed so that it cannot be."""
    variant = {**world.variant("any-model"), **changes}
    unchecked(world.sandbox).create_endpoint_config(
        EndpointConfigName=world.name("config"), ProductionVariants=[variant]
    )


@behaviour("SageMaker", "CreateEndpointConfig")
def test_the_arn(world: World) -> None:
    """CreateEndpointConfig answers the config's ARN."""
    answer = world.sagemaker.create_endpoint_config(
        EndpointConfigName="of-arn", ProductionVariants=[world.variant(world.model())]
    )
    assert answer["EndpointConfigArn"] == "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/of-arn"


@behaviour("SageMaker", "CreateEndpointConfig")
def test_a_name_is_taken_once(world: World) -> None:
    """An endpoint config name that is taken is refused; a config is never changed."""
    config = world.simple_config()
    with refused("ValidationException", "Cannot create already existing endpoint configuration"):
        world.sagemaker.create_endpoint_config(
            EndpointConfigName=config, ProductionVariants=[world.variant(world.model(), "other")]
        )
    [variant] = world.sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    assert variant["VariantName"] == "live"


@behaviour("SageMaker", "CreateEndpointConfig")
def test_a_missing_model(world: World) -> None:
    """A config that names a model that is not there is refused."""
    with refused("ValidationException", "Could not find model"):
        world.config(world.variant("no-such-model"))


@behaviour("SageMaker", "ProductionVariant")
def test_variant_names_are_unique(world: World) -> None:
    """Two variants of a config cannot have the same name."""
    model = world.model()
    with refused("ValidationException", "Duplicate variant names"):
        world.config(world.variant(model), world.variant(model))


@behaviour("SageMaker", "CreateEndpointConfig")
def test_at_least_one_variant(world: World) -> None:
    """A config needs at least one production variant."""
    with refused("ValidationException", "at 'productionVariants' failed to satisfy constraint: Member must"):
        unchecked(world.sandbox).create_endpoint_config(EndpointConfigName="none", ProductionVariants=[])


@behaviour("SageMaker", "CreateEndpointConfig")
def test_at_most_ten_variants(world: World) -> None:
    """A config has at most ten production variants."""
    variants = [world.variant("m", f"v{n}") for n in range(11)]
    with refused("ValidationException", "Member must have length less than or equal to 10"):
        world.config(*variants)


@behaviour("SageMaker", "ProductionVariant")
def test_instance_types(world: World) -> None:
    """An instance type that SageMaker does not have is refused with the whole enum."""
    with refused("ValidationException", "at 'productionVariants.1.member.instanceType'") as refusal:
        broken(world, InstanceType="ml.huge.1xlarge")
    assert "Member must satisfy enum value set: [" in refusal.message


@behaviour("SageMaker", "ProductionVariant")
def test_initial_counts(world: World) -> None:
    """InitialInstanceCount is at least 1."""
    with refused("ValidationException", "Member must have value greater than or equal to 1"):
        broken(world, InitialInstanceCount=0)


@behaviour("SageMaker", "ProductionVariant")
def test_weights_are_not_negative(world: World) -> None:
    """InitialVariantWeight is not below 0."""
    with refused("ValidationException", "at 'productionVariants.1.member.initialVariantWeight'"):
        broken(world, InitialVariantWeight=-0.5)


@behaviour("SageMaker", "ProductionVariant")
def test_startup_timeouts(world: World) -> None:
    """ContainerStartupHealthCheckTimeoutInSeconds is 60 to 3600."""
    for seconds in (59, 3601):
        with refused("ValidationException", "containerStartupHealthCheckTimeoutInSeconds"):
            broken(world, ContainerStartupHealthCheckTimeoutInSeconds=seconds)


@behaviour("SageMaker", "ProductionVariant")
def test_the_default_weight(world: World) -> None:
    """A variant without InitialVariantWeight has the weight 1."""
    variant = world.variant(world.model())
    del variant["InitialVariantWeight"]
    config = world.config(variant)
    [described] = world.sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    assert described["InitialVariantWeight"] == 1.0


@behaviour("SageMaker", "ProductionVariant")
def test_an_instance_type_or_serverless(world: World) -> None:
    """A variant has either an instance type or a serverless config."""
    variant = world.variant(world.model())
    both = {**variant, "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
    neither = {key: value for key, value in variant.items() if "Instance" not in key}
    for wrong in (both, neither):
        with refused("ValidationException", "either InstanceType"):
            world.config(wrong)


@behaviour("SageMaker", "DescribeEndpointConfig")
def test_describe(world: World) -> None:
    """DescribeEndpointConfig answers what was given, with its ARN and creation time."""
    model = world.model()
    config = world.config(world.variant(model, count=3, weight=0.25), DataCaptureConfig=CAPTURE)
    answer = world.sagemaker.describe_endpoint_config(EndpointConfigName=config)
    assert answer["ProductionVariants"] == [world.variant(model, count=3, weight=0.25)]
    assert answer["DataCaptureConfig"] == CAPTURE
    assert answer["EndpointConfigArn"].endswith(config)
    assert answer["CreationTime"].tzinfo is not None


@behaviour("SageMaker", "DescribeEndpointConfig")
def test_describe_what_is_not_there(world: World) -> None:
    """DescribeEndpointConfig of a config that is not there is a ValidationException."""
    with refused("ValidationException", 'Could not find endpoint configuration "arn:aws:sagemaker:'):
        world.sagemaker.describe_endpoint_config(EndpointConfigName="nope")


@behaviour("SageMaker", "DataCaptureConfig")
def test_sampling_percentages(world: World) -> None:
    """InitialSamplingPercentage is 0 to 100."""
    with refused("ValidationException", "at 'dataCaptureConfig.initialSamplingPercentage'"):
        world.config(world.variant("m"), DataCaptureConfig={**CAPTURE, "InitialSamplingPercentage": 101})


@behaviour("SageMaker", "DataCaptureConfig")
def test_capture_destinations(world: World) -> None:
    """DestinationS3Uri is an address of S3."""
    with refused("ValidationException", "at 'dataCaptureConfig.destinationS3Uri'"):
        world.config(world.variant("m"), DataCaptureConfig={**CAPTURE, "DestinationS3Uri": "ftp://x/y"})


@behaviour("SageMaker", "DataCaptureConfig")
def test_capture_options(world: World) -> None:
    """CaptureOptions has at least one option."""
    with refused("ValidationException", "at 'dataCaptureConfig.captureOptions'"):
        unchecked(world.sandbox).create_endpoint_config(
            EndpointConfigName="no-options",
            ProductionVariants=[world.variant("m")],
            DataCaptureConfig={**CAPTURE, "CaptureOptions": []},
        )


@behaviour("SageMaker", "CreateEndpointConfig")
def test_one_shadow_variant(world: World) -> None:
    """A shadow variant needs exactly one production variant, and there is at most one shadow."""
    model = world.model()
    shadow = world.variant(model, "shadow")
    with refused("ValidationException", "exactly one production variant"):
        world.config(world.variant(model, "a"), world.variant(model, "b"), ShadowProductionVariants=[shadow])
    with refused("ValidationException", "there can be only one"):
        world.config(
            world.variant(model, "a"),
            ShadowProductionVariants=[shadow, world.variant(model, "shadow-2")],
        )


@behaviour("SageMaker", "CreateEndpointConfig")
def test_shadow_variants_are_described(world: World) -> None:
    """ShadowProductionVariants are kept and described as they were given."""
    model = world.model()
    shadow = world.variant(model, "shadow", weight=0.5)
    config = world.config(world.variant(model), ShadowProductionVariants=[shadow])
    answer = world.sagemaker.describe_endpoint_config(EndpointConfigName=config)
    assert answer["ShadowProductionVariants"] == [shadow]


@behaviour("SageMaker", "DeleteEndpointConfig")
def test_delete(world: World) -> None:
    """A deleted endpoint config is gone, and its name is free again."""
    config = world.simple_config()
    world.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    with refused("ValidationException", "Could not find endpoint configuration"):
        world.sagemaker.describe_endpoint_config(EndpointConfigName=config)


@behaviour("SageMaker", "DeleteEndpointConfig")
def test_delete_what_is_not_there(world: World) -> None:
    """DeleteEndpointConfig of a config that is not there is a ValidationException."""
    with refused("ValidationException", "Could not find endpoint configuration"):
        world.sagemaker.delete_endpoint_config(EndpointConfigName="nope")
