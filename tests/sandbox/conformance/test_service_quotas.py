"""Service Quotas: how many instances of a type endpoints may have, and who refuses by it."""

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused
from tests.sandbox.world import World

NAME = "ml.m7i.large for endpoint usage"


def found(world: World, operation: str = "list_service_quotas") -> dict[str, float]:
    """All quotas of SageMaker, by name."""
    pages = world.sandbox.client("service-quotas").get_paginator(operation).paginate(ServiceCode="sagemaker")
    return {quota["QuotaName"]: quota["Value"] for page in pages for quota in page["Quotas"]}


@behaviour("Service Quotas", "ListServiceQuotas")
def test_every_type_has_a_quota(world: World) -> None:
    """Every instance type of endpoints has a quota, over several pages; each has a code of its own."""
    client = world.sandbox.client("service-quotas")
    first = client.list_service_quotas(ServiceCode="sagemaker")
    assert len(first["Quotas"]) == 100
    assert first["NextToken"]
    assert found(world)[NAME] == 1000
    assert len({quota["QuotaCode"] for quota in first["Quotas"]}) == 100


@behaviour("Service Quotas", "ListServiceQuotas")
def test_a_token_that_is_none(world: World) -> None:
    """A NextToken that was never given is an InvalidPaginationTokenException."""
    with refused("InvalidPaginationTokenException"):
        world.sandbox.client("service-quotas").list_service_quotas(ServiceCode="sagemaker", NextToken="x")


@behaviour("Service Quotas", "GetServiceQuota")
def test_one_quota(world: World) -> None:
    """GetServiceQuota answers one by its code; a code that there is not is a NoSuchResourceException."""
    client = world.sandbox.client("service-quotas")
    quota = client.list_service_quotas(ServiceCode="sagemaker")["Quotas"][7]
    assert client.get_service_quota(ServiceCode="sagemaker", QuotaCode=quota["QuotaCode"])["Quota"] == quota
    with refused("NoSuchResourceException"):
        client.get_service_quota(ServiceCode="sagemaker", QuotaCode="L-00000000")


@behaviour("Service Quotas", "ListAWSDefaultServiceQuotas")
def test_the_defaults_stay(world: World) -> None:
    """A quota that was applied to the account changes no default."""
    world.sandbox.faults("quota", instances=3)
    assert found(world)[NAME] == 3
    assert found(world, "list_aws_default_service_quotas")[NAME] == 1000


@behaviour("SageMaker", "CreateEndpoint")
def test_a_quota_counts_what_is_in_use(world: World) -> None:
    """Endpoints have as many instances of a type together as the quota says; an update needs both fleets."""
    world.sandbox.faults("quota", instances=3)
    one = world.config(world.variant(world.model(), count=1))
    two = world.config(world.variant(world.model(), count=2))
    endpoint = world.endpoint(one)
    with pytest.raises(ClientError, match=r"usage' is 3 Instances, .* of 1 Inst.* delta of 3"):
        world.sagemaker.create_endpoint(
            EndpointName=world.name("endpoint"),
            EndpointConfigName=world.config(world.variant(world.model(), count=3)),
        )
    world.update(endpoint, two)
    with pytest.raises(ClientError, match="utilization of 2 Instances and a request delta of 2") as error:
        world.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=two)
    assert error.value.response["Error"]["Code"] == "ResourceLimitExceeded"
