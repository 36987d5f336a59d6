"""Lists and tags: pages, filters, orders; AddTags, DeleteTags, ListTags."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused, unchecked
from tests.sandbox.world import World

NOWHERE = "arn:aws:sagemaker:us-east-1:123456789012"


@pytest.fixture(scope="module")
def models(world: World) -> list[str]:
    """Twelve models, oldest first."""
    made = []
    for number in range(12):
        name = f"listed-{'odd' if number % 2 else 'even'}-{chr(ord('l') - number)}"
        world.sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=world.role,
            PrimaryContainer={"Image": f"{world.uri}@{world.digest}"},
        )
        made.append(name)
        time.sleep(0.002)
    return made


@pytest.fixture(scope="module")
def endpoints(world: World) -> list[str]:
    """An endpoint in service, then a failed one."""
    good = world.endpoint(name="list-good")
    world.sandbox.faults("insufficient_capacity", endpoint="list-bad")
    world.sagemaker.create_endpoint(EndpointName="list-bad", EndpointConfigName=world.simple_config())
    assert world.settled("list-bad")["EndpointStatus"] == "Failed"
    return [good, "list-bad"]


def names(answer: dict[str, Any], member: str = "Models", key: str = "ModelName") -> list[str]:
    return [entry[key] for entry in answer[member]]


def pages(call: Callable[..., dict[str, Any]], **members: Any) -> list[dict[str, Any]]:
    """Every page of a list, followed by NextToken."""
    found = [call(**members)]
    while "NextToken" in found[-1]:
        found.append(call(**members, NextToken=found[-1]["NextToken"]))
    return found


@behaviour("SageMaker", "ListModels")
def test_the_default_order(world: World, models: list[str]) -> None:
    """Lists are sorted by creation time, newest first, unless they are asked otherwise."""
    answer = world.sagemaker.list_models(NameContains="listed", MaxResults=100)
    assert names(answer) == models[::-1]


@behaviour("SageMaker", "ListModels")
def test_ascending(world: World, models: list[str]) -> None:
    """SortOrder Ascending has the oldest first."""
    answer = world.sagemaker.list_models(NameContains="listed", MaxResults=100, SortOrder="Ascending")
    assert names(answer) == models


@behaviour("SageMaker", "ListModels")
def test_by_name(world: World, models: list[str]) -> None:
    """SortBy Name sorts by name."""
    answer = world.sagemaker.list_models(
        NameContains="listed", MaxResults=100, SortBy="Name", SortOrder="Ascending"
    )
    assert names(answer) == sorted(models)


@behaviour("SageMaker", "ListModels")
def test_the_default_page(world: World, models: list[str]) -> None:
    """A page has ten entries unless MaxResults says otherwise."""
    answer = world.sagemaker.list_models(NameContains="listed")
    assert len(answer["Models"]) == 10
    assert "NextToken" in answer


@behaviour("SageMaker", "ListModels")
def test_pages(world: World, models: list[str]) -> None:
    """NextToken leads through every entry once; the last page has none."""
    found = pages(world.sagemaker.list_models, NameContains="listed", MaxResults=5)
    assert [len(page["Models"]) for page in found] == [5, 5, 2]
    assert [name for page in found for name in names(page)] == models[::-1]


@behaviour("SageMaker", "ListModels")
def test_pages_while_things_change(world: World, models: list[str]) -> None:
    """What is created between two pages neither repeats nor hides another entry."""
    first = world.sagemaker.list_models(NameContains="listed", MaxResults=5)
    world.sagemaker.create_model(
        ModelName="listed-late",
        ExecutionRoleArn=world.role,
        PrimaryContainer={"Image": f"{world.uri}@{world.digest}"},
    )
    rest = world.sagemaker.list_models(NameContains="listed", MaxResults=20, NextToken=first["NextToken"])
    world.sagemaker.delete_model(ModelName="listed-late")
    assert names(first) + names(rest) == models[::-1]


@behaviour("SageMaker", "ListModels")
def test_a_token_of_nobody(world: World, models: list[str]) -> None:
    """A NextToken that no list gave is refused."""
    with refused("ValidationException", "NextToken"):
        world.sagemaker.list_models(NextToken="made-up")


@behaviour("SageMaker", "ListModels")
def test_the_size_of_a_page(world: World) -> None:
    """MaxResults is 1 to 100."""
    for size in (0, 101):
        with refused("ValidationException", f"Value '{size}' at 'maxResults' failed"):
            unchecked(world.sandbox).list_models(MaxResults=size)


@behaviour("SageMaker", "ListModels")
def test_name_contains(world: World, models: list[str]) -> None:
    """NameContains keeps the names that contain it, whatever their case."""
    answer = world.sagemaker.list_models(NameContains="ODD", MaxResults=100)
    assert sorted(names(answer)) == sorted(name for name in models if "odd" in name)


@behaviour("SageMaker", "ListModels")
def test_creation_times(world: World, models: list[str]) -> None:
    """CreationTimeAfter and CreationTimeBefore keep what was created between them."""
    created = world.sagemaker.describe_model(ModelName=models[6])["CreationTime"]
    hour = timedelta(hours=1)
    inside = world.sagemaker.list_models(
        NameContains="listed", MaxResults=100, CreationTimeAfter=created - hour, CreationTimeBefore=created
    )
    assert 0 < len(inside["Models"]) < 12
    later = world.sagemaker.list_models(NameContains="listed", CreationTimeAfter=created + hour)
    assert later["Models"] == []


@behaviour("SageMaker", "ListModels")
def test_orders_that_are_none(world: World) -> None:
    """A SortBy that the list does not have is refused with the enum."""
    with refused("ValidationException", "Member must satisfy enum value set: [Name, CreationTime]"):
        world.sagemaker.list_models(SortBy="Status")


@behaviour("SageMaker", "ListEndpointConfigs")
def test_endpoint_configs(world: World) -> None:
    """ListEndpointConfigs filters, sorts and pages as ListModels does."""
    model = world.model()
    for number in range(3):
        world.sagemaker.create_endpoint_config(
            EndpointConfigName=f"paged-{number}", ProductionVariants=[world.variant(model)]
        )
    found = pages(
        world.sagemaker.list_endpoint_configs,
        NameContains="PAGED",
        MaxResults=2,
        SortBy="Name",
        SortOrder="Ascending",
    )
    listed = [names(page, "EndpointConfigs", "EndpointConfigName") for page in found]
    assert listed == [["paged-0", "paged-1"], ["paged-2"]]
    entry = found[0]["EndpointConfigs"][0]
    assert set(entry) == {"EndpointConfigName", "EndpointConfigArn", "CreationTime"}


@behaviour("SageMaker", "ListEndpoints")
def test_endpoint_summaries(world: World, endpoints: list[str]) -> None:
    """ListEndpoints answers name, ARN, status, creation and modification time of each."""
    [entry] = world.sagemaker.list_endpoints(NameContains="list-good")["Endpoints"]
    assert entry["EndpointStatus"] == "InService"
    assert entry["EndpointArn"].endswith("endpoint/list-good")
    assert entry["LastModifiedTime"] >= entry["CreationTime"]


@behaviour("SageMaker", "ListEndpoints")
def test_status_equals(world: World, endpoints: list[str]) -> None:
    """StatusEquals keeps the endpoints of one status."""
    for status, name in (("InService", "list-good"), ("Failed", "list-bad")):
        answer = world.sagemaker.list_endpoints(NameContains="list-", StatusEquals=status)
        assert names(answer, "Endpoints", "EndpointName") == [name]


@behaviour("SageMaker", "ListEndpoints")
def test_a_status_that_is_none(world: World) -> None:
    """A StatusEquals that is no status is refused with the enum."""
    with refused("ValidationException", "SystemUpdating"):
        world.sagemaker.list_endpoints(StatusEquals="Sleeping")


@behaviour("SageMaker", "ListEndpoints")
def test_by_status(world: World, endpoints: list[str]) -> None:
    """SortBy Status sorts by status."""
    answer = world.sagemaker.list_endpoints(NameContains="list-", SortBy="Status", SortOrder="Ascending")
    assert names(answer, "Endpoints", "EndpointName") == ["list-bad", "list-good"]


@behaviour("SageMaker", "ListEndpoints")
def test_modification_times(world: World, endpoints: list[str]) -> None:
    """LastModifiedTimeAfter and LastModifiedTimeBefore filter by the last change."""
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    recent = world.sagemaker.list_endpoints(
        LastModifiedTimeAfter=now - hour, LastModifiedTimeBefore=now + hour
    )
    assert set(endpoints) <= set(names(recent, "Endpoints", "EndpointName"))
    assert world.sagemaker.list_endpoints(LastModifiedTimeBefore=now - hour)["Endpoints"] == []


@behaviour("SageMaker", "ListEndpoints")
def test_boto3_paginators(world: World, endpoints: list[str]) -> None:
    """boto3's paginators go through all pages."""
    paginator = world.sagemaker.get_paginator("list_endpoints")
    found = paginator.paginate(NameContains="list-", PaginationConfig={"PageSize": 1})
    assert sorted(name for page in found for name in names(page, "Endpoints", "EndpointName")) == sorted(
        endpoints
    )


@behaviour("SageMaker", "AddTags")
@pytest.mark.parametrize("kind", ["model", "endpoint-config", "endpoint"])
def test_tags_are_added_replaced_and_deleted(world: World, endpoints: list[str], kind: str) -> None:
    """Tags of models, endpoint configs and endpoints are added, replaced by key, and deleted."""
    config = world.sagemaker.describe_endpoint(EndpointName="list-good")["EndpointConfigName"]
    [variant] = world.sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    name = {"model": variant["ModelName"], "endpoint-config": config, "endpoint": "list-good"}[kind]
    arn = f"{NOWHERE}:{kind}/{name}"
    world.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}])
    answer = world.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])
    assert {tag["Key"]: tag["Value"] for tag in answer["Tags"]} == {"a": "2", "b": "1"}
    world.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a", "never-there"])
    assert world.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "1"}]


@behaviour("SageMaker", "AddTags")
@pytest.mark.parametrize("kind", ["model", "endpoint-config", "endpoint", "spaceship"])
def test_tags_of_nothing(world: World, kind: str) -> None:
    """Tagging an ARN of nothing is a ValidationException."""
    arn = f"{NOWHERE}:{kind}/nothing-there"
    with refused("ValidationException", "Could not find"):
        world.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    with refused("ValidationException", "Could not find"):
        world.sagemaker.list_tags(ResourceArn=arn)


@behaviour("SageMaker", "AddTags")
def test_an_arn_that_is_none(world: World) -> None:
    """A ResourceArn that is no ARN of SageMaker is refused by its pattern."""
    with refused("ValidationException", "at 'resourceArn' failed to satisfy constraint"):
        world.sagemaker.list_tags(ResourceArn="my-endpoint")


@behaviour("SageMaker", "Tag")
def test_tags_have_limits(world: World, models: list[str]) -> None:
    """A resource has at most 50 tags, a key at most 128 characters, a value at most 256."""
    arn = f"{NOWHERE}:model/{models[0]}"
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]
    world.sagemaker.add_tags(ResourceArn=arn, Tags=many)
    for tag in (
        {"Key": "more", "Value": "v"},
        {"Key": "k" * 129, "Value": ""},
        {"Key": "k", "Value": "v" * 257},
    ):
        with refused("ValidationException"):
            world.sagemaker.add_tags(ResourceArn=arn, Tags=[tag])


@behaviour("SageMaker", "ListTags")
def test_tags_have_pages(world: World, models: list[str]) -> None:
    """ListTags pages by MaxResults, which is at least 50."""
    arn = f"{NOWHERE}:model/{models[1]}"
    with refused("ValidationException", "at 'maxResults'"):
        unchecked(world.sandbox).list_tags(ResourceArn=arn, MaxResults=49)
    assert world.sagemaker.list_tags(ResourceArn=arn, MaxResults=50)["Tags"] == []
