"""Changes of endpoints: UpdateEndpoint, UpdateEndpointWeightsAndCapacities."""

from typing import Any

import pytest

from sandbox.core.settings import SandboxError
from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused, unchecked
from tests.sandbox.conformance.shifts import blue_green, percent
from tests.sandbox.world import World, wait_for


def rescale(world: World, endpoint: str, *changes: dict[str, Any]) -> dict[str, Any]:
    world.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint, DesiredWeightsAndCapacities=list(changes)
    )
    return world.settled(endpoint)


@pytest.fixture(scope="module")
def shared(world: World) -> str:
    """An endpoint of two instances that tests update one after the other."""
    return world.endpoint(world.simple_config("0", count=2))


@behaviour("SageMaker", "UpdateEndpoint")
def test_an_update(world: World, shared: str) -> None:
    """An update is Updating on the old config, then InService on the new one."""
    old, new = world.describe(shared)["EndpointConfigName"], world.simple_config("1", count=2)
    answer = world.sagemaker.update_endpoint(
        EndpointName=shared,
        EndpointConfigName=new,
        DeploymentConfig=blue_green("ALL_AT_ONCE", termination=60),
    )
    assert answer["EndpointArn"].endswith(shared)
    seen = world.describe(shared)
    assert (seen["EndpointStatus"], seen["EndpointConfigName"]) == ("Updating", old)
    assert seen["PendingDeploymentSummary"]["EndpointConfigName"] == new
    assert world.settled(shared)["EndpointConfigName"] == new
    assert world.version(shared) == "1"


@behaviour("SageMaker", "UpdateEndpoint")
def test_an_unknown_config(world: World, shared: str) -> None:
    """An update to a config that is not there is refused, and nothing changes."""
    with refused("ValidationException", "Could not find endpoint configuration"):
        world.sagemaker.update_endpoint(EndpointName=shared, EndpointConfigName="nope")
    assert world.describe(shared)["EndpointStatus"] == "InService"


@behaviour("SageMaker", "UpdateEndpoint")
def test_an_unknown_endpoint(world: World) -> None:
    """An update of an endpoint that is not there is a ValidationException."""
    with refused("ValidationException", "Could not find endpoint"):
        world.sagemaker.update_endpoint(EndpointName="nope", EndpointConfigName=world.simple_config())


@behaviour("SageMaker", "UpdateEndpoint")
def test_one_change_at_a_time(world: World, shared: str) -> None:
    """An endpoint that is Updating can be neither updated, rescaled nor deleted."""
    config = world.simple_config("2", count=2)
    change = [{"VariantName": "live", "DesiredWeight": 1.0}]
    with world.held(shared):
        world.sagemaker.update_endpoint(EndpointName=shared, EndpointConfigName=config)
        for refuse in (
            lambda: world.sagemaker.update_endpoint(EndpointName=shared, EndpointConfigName=config),
            lambda: world.sagemaker.delete_endpoint(EndpointName=shared),
            lambda: world.sagemaker.update_endpoint_weights_and_capacities(
                EndpointName=shared, DesiredWeightsAndCapacities=change
            ),
        ):
            with refused("ValidationException", "Cannot update in-progress endpoint"):
                refuse()
    world.settled(shared)


@behaviour("SageMaker", "DescribeEndpoint")
def test_rolling_back(world: World, shared: str) -> None:
    """An update that is taken back is RollingBack before it is InService again."""
    world.sandbox.faults("insufficient_capacity", endpoint=shared)
    with world.held(shared):
        world.sagemaker.update_endpoint(EndpointName=shared, EndpointConfigName=world.simple_config())
        wait_for(lambda: world.describe(shared)["EndpointStatus"] == "RollingBack", "RollingBack")
    assert world.settled(shared)["EndpointStatus"] == "InService"


@behaviour("SageMaker", "UpdateEndpoint")
def test_a_rollback_that_says_nothing(world: World, shared: str) -> None:
    """An update can end InService on the old config without a FailureReason."""
    before = world.describe(shared)["EndpointConfigName"]
    world.sandbox.faults("silent_rollback", endpoint=shared)
    after = world.update(shared, world.simple_config())
    assert (after["EndpointConfigName"], "FailureReason" in after) == (before, False)


@behaviour("SageMaker", "DescribeEndpoint")
def test_last_deployment_config(world: World, shared: str) -> None:
    """LastDeploymentConfig is that of the last update that succeeded."""
    config = blue_green("CANARY", wait=0, CanarySize=percent(10))
    after = world.update(shared, world.simple_config("10", count=2), DeploymentConfig=config)
    assert after["LastDeploymentConfig"] == config


@behaviour("SageMaker", "UpdateEndpoint")
def test_retain_deployment_config(world: World, shared: str) -> None:
    """RetainDeploymentConfig uses the last deployment config again."""
    config = blue_green("LINEAR", wait=0, LinearStepSize=percent(50))
    world.update(shared, world.simple_config("11", count=2), DeploymentConfig=config)
    after = world.update(shared, world.simple_config("12", count=2), RetainDeploymentConfig=True)
    assert after["LastDeploymentConfig"] == config


@behaviour("SageMaker", "UpdateEndpointWeightsAndCapacities")
def test_weights_and_counts(world: World, shared: str) -> None:
    """UpdateEndpointWeightsAndCapacities changes what it names and keeps the rest."""
    world.update(shared, world.simple_config("13", count=1))
    after = rescale(world, shared, {"VariantName": "live", "DesiredInstanceCount": 2})
    [variant] = after["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (2, 1.0)
    after = rescale(world, shared, {"VariantName": "live", "DesiredWeight": 0.5})
    [variant] = after["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (2, 0.5)


@behaviour("SageMaker", "UpdateEndpointWeightsAndCapacities")
def test_unknown_variants(world: World, shared: str) -> None:
    """A variant that the endpoint does not have is refused."""
    with refused("ValidationException", 'The variant name(s) "ghost" is not present within endpoint config'):
        rescale(world, shared, {"VariantName": "ghost", "DesiredWeight": 1.0})


@behaviour("SageMaker", "UpdateEndpointWeightsAndCapacities")
def test_negative_weights(world: World, shared: str) -> None:
    """DesiredWeight is not below 0."""
    with refused("ValidationException", "at 'desiredWeightsAndCapacities.1.member.desiredWeight'"):
        unchecked(world.sandbox).update_endpoint_weights_and_capacities(
            EndpointName=shared, DesiredWeightsAndCapacities=[{"VariantName": "live", "DesiredWeight": -1}]
        )


@behaviour("SageMaker", "UpdateEndpointWeightsAndCapacities")
def test_a_scale_out_under_way(world: World, shared: str) -> None:
    """While instances start, the desired count is the new one and the current count the old one."""
    world.update(shared, world.simple_config("14", count=1))
    world.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=shared, DesiredWeightsAndCapacities=[{"VariantName": "live", "DesiredInstanceCount": 2}]
    )
    [variant] = world.describe(shared)["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 2)
    assert variant["VariantStatus"][0]["Status"] == "Updating"
    world.settled(shared)


@behaviour("SageMaker", "UpdateEndpoint")
def test_counts_are_reset_by_an_update(world: World, shared: str) -> None:
    """An update takes counts and weights from its config, unless it is told to retain them."""
    rescale(world, shared, {"VariantName": "live", "DesiredInstanceCount": 2, "DesiredWeight": 0.5})
    kept = world.update(shared, world.simple_config("15", count=1), RetainAllVariantProperties=True)
    [variant] = kept["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (2, 0.5)
    reset = world.update(shared, world.simple_config("16", count=1))
    [variant] = reset["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (1, 1.0)


@behaviour("SageMaker", "VariantProperty")
def test_excluded_properties(world: World, shared: str) -> None:
    """ExcludeRetainedVariantProperties names what is not retained."""
    rescale(world, shared, {"VariantName": "live", "DesiredInstanceCount": 2, "DesiredWeight": 0.5})
    after = world.update(
        shared,
        world.simple_config("17", count=1),
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredInstanceCount"}],
    )
    [variant] = after["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (1, 0.5)


@behaviour("SageMaker", "VariantProperty")
def test_properties_that_are_none(world: World, shared: str) -> None:
    """A VariantPropertyType that is none is refused with the enum."""
    with refused("ValidationException", "[DesiredInstanceCount, DesiredWeight, DataCaptureConfig]"):
        world.sagemaker.update_endpoint(
            EndpointName=shared,
            EndpointConfigName="c",
            ExcludeRetainedVariantProperties=[{"VariantPropertyType": "Colour"}],
        )


@behaviour("SageMaker", "DeleteEndpointConfig")
def test_a_config_in_use_can_be_deleted(world: World) -> None:
    """The config of a live endpoint can be deleted: the endpoint goes on, but cannot be patched by AWS."""
    config = world.simple_config("kept")
    name = world.endpoint(config)
    world.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    assert world.version(name) == "kept"
    assert world.describe(name)["EndpointConfigName"] == config
    with pytest.raises(SandboxError, match="cannot patch"):
        world.sandbox.faults("system_update", endpoint=name)
