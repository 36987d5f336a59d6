"""Variants that come and go beside each other, as a candidate does beside the live one; and shadows."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox

CANARY: dict[str, Any] = {
    "TrafficRoutingConfiguration": {
        "Type": "CANARY",
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 30},
        "WaitIntervalInSeconds": 0,
    }
}
AT_ONCE: dict[str, Any] = {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}


@pytest.fixture(scope="module")
def pair(world: World) -> tuple[str, str]:
    """A config with the variant `live`, and one that has a `candidate` of weight 0 beside it."""
    live = world.variant(world.model("live"))
    return world.config(live), world.config(
        live, world.variant(world.model("candidate"), "candidate", weight=0.0)
    )


def weights(described: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """CurrentWeight and DesiredWeight of each production variant."""
    return {
        v["VariantName"]: (v["CurrentWeight"], v["DesiredWeight"]) for v in described["ProductionVariants"]
    }


def test_a_candidate_comes_at_weight_0_and_goes_by_plain_updates(world: World, pair: tuple[str, str]) -> None:
    """Without a DeploymentConfig the variants may differ. Only who names the candidate reaches it."""
    alone, beside = pair
    endpoint = world.endpoint(alone)
    joined = world.update(endpoint, beside)
    assert (joined["EndpointStatus"], joined["EndpointConfigName"]) == ("InService", beside)
    assert weights(joined) == {"live": (1.0, 1.0), "candidate": (0.0, 0.0)}
    for variant in joined["ProductionVariants"]:
        assert variant["DeployedImages"][0]["ResolvedImage"] == f"{world.uri}@{world.digest}"
    assert {world.version(endpoint) for _ in range(30)} == {"live"}
    assert world.invoke(endpoint, TargetVariant="candidate")["version"] == "candidate"
    left = world.update(endpoint, alone)
    assert (left["EndpointStatus"], left["EndpointConfigName"]) == ("InService", alone)
    assert weights(left) == {"live": (1.0, 1.0)}
    with pytest.raises(ClientError, match="Variant candidate not found"):
        world.invoke(endpoint, TargetVariant="candidate")


@pytest.mark.parametrize("policy", [CANARY, AT_ONCE], ids=["canary", "all at once"])
def test_a_deployment_config_cannot_add_or_remove_a_variant(
    world: World, pair: tuple[str, str], policy: dict[str, Any]
) -> None:
    """SageMaker's guardrails need the same variant names before and after, whatever the routing."""
    for before, after in (pair, pair[::-1]):
        endpoint = world.endpoint(before)
        with pytest.raises(ClientError, match="must have the same variant names as the old") as refused:
            world.sagemaker.update_endpoint(
                EndpointName=endpoint,
                EndpointConfigName=after,
                DeploymentConfig={"BlueGreenUpdatePolicy": policy},
            )
        assert refused.value.response["Error"]["Code"] == "ValidationException"
        assert world.describe(endpoint)["EndpointConfigName"] == before


def test_a_shadow_is_described_beside_the_production_variant(world: World) -> None:
    """Its weights, counts and resolved image, in a list of its own."""
    config = world.config(
        world.variant(world.model("live"), weight=2.0),
        ShadowProductionVariants=[world.variant(world.model("shadow"), "candidate")],
    )
    described = world.describe(world.endpoint(config))
    assert weights(described) == {"live": (2.0, 2.0)}
    [shadow] = described["ShadowProductionVariants"]
    assert (shadow["VariantName"], shadow["CurrentWeight"], shadow["DesiredWeight"]) == (
        "candidate",
        1.0,
        1.0,
    )
    assert (shadow["CurrentInstanceCount"], shadow["DesiredInstanceCount"]) == (1, 1)
    [image] = shadow["DeployedImages"]
    assert image["ResolvedImage"] == f"{world.uri}@{world.digest}"


def test_a_plain_update_leaves_no_last_deployment_config(world: World) -> None:
    """LastDeploymentConfig is that of the last update, which had none."""
    endpoint = world.endpoint()
    guarded = {"BlueGreenUpdatePolicy": CANARY}
    moved = world.update(endpoint, world.simple_config("2", count=2), DeploymentConfig=guarded)
    assert moved["LastDeploymentConfig"] == guarded
    assert "LastDeploymentConfig" not in world.update(endpoint, world.simple_config("3"))


def test_last_deployment_config_can_be_left_out_on_request(world: World) -> None:
    """The fault lasts, is one endpoint's own, and changes only what is said: the config is still known."""
    endpoint, other = world.endpoint(), world.endpoint()
    world.sandbox.faults("no_last_deployment_config", endpoint=endpoint)
    guarded = {"BlueGreenUpdatePolicy": AT_ONCE}
    for name in (endpoint, other):
        world.update(name, world.simple_config("2"), DeploymentConfig=guarded)
    assert all("LastDeploymentConfig" not in world.describe(endpoint) for _ in range(3))
    assert world.describe(other)["LastDeploymentConfig"] == guarded
    world.update(endpoint, world.simple_config("3"), RetainDeploymentConfig=True)
    world.sandbox.clear_faults()
    assert world.describe(endpoint)["LastDeploymentConfig"] == guarded
