"""Service Quotas of SageMaker's endpoints: what is listed, and what is refused beyond it."""

from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused
from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox


def _listed(world: World, name: str) -> list[dict[str, Any]]:
    pages = world.sandbox.client("service-quotas").get_paginator("list_service_quotas")
    found = [quota for page in pages.paginate(ServiceCode="sagemaker") for quota in page["Quotas"]]
    return [quota for quota in found if quota["QuotaName"] == name]


@behaviour("Service Quotas", "ListServiceQuotas")
def test_a_quota_for_each_type(world: World) -> None:
    """Each instance type has a quota for endpoint usage, with its own code, page by page."""
    [large] = _listed(world, "ml.m7i.large for endpoint usage")
    [other] = _listed(world, "ml.c7i.large for endpoint usage")
    assert large["QuotaCode"] != other["QuotaCode"]
    with world.fault("endpoint_quota", instances=7):
        [less] = _listed(world, "ml.m7i.large for endpoint usage")
    assert less["Value"] == 7 < large["Value"]


@behaviour("Service Quotas", "ListServiceQuotas")
def test_another_service(world: World) -> None:
    """A service that has no quotas is refused with NoSuchResourceException."""
    with refused("NoSuchResourceException"):
        world.sandbox.client("service-quotas").list_service_quotas(ServiceCode="nothing")


@behaviour("SageMaker", "UpdateEndpoint")
def test_a_second_fleet_beyond_the_quota(world: World) -> None:
    """An update is refused where the quota has no room for its fleet beside the one that serves."""
    endpoint = world.endpoint(world.simple_config(count=2))
    other = world.simple_config("2", count=2)
    in_use = sum(
        fleet["count"]
        for found in world.sandbox.status()["endpoints"]
        for deployment in found["deployments"]
        for fleet in deployment["fleets"]
    )
    with world.fault("endpoint_quota", instances=in_use + 1):
        with refused("ResourceLimitExceeded", f"current utilization of {in_use} Instances"):
            world.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=other)
    with world.fault("endpoint_quota", instances=in_use + 2):
        assert world.update(endpoint, other)["EndpointConfigName"] == other
