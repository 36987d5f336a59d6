"""An endpoint from Creating to gone: states, descriptions, refusals."""

import os
import time

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.world import World, wait_for

pytestmark = pytest.mark.sandbox


def test_a_created_endpoint_serves_the_image_and_the_model(world: World) -> None:
    endpoint = world.endpoint(world.simple_config("41"))
    answer = world.invoke(endpoint)
    assert answer["version"] == "41", "CreateModel's Environment reaches the server"
    assert answer["model"] == "bytes of 41", "SM_MODEL_DIR holds the unpacked artifact"
    assert answer["image_env"] == "yes", "the image's own variables reach the server"
    assert answer["lib"].endswith("/opt/app"), "variables that hold paths of the image point into it"
    assert answer["lib"].startswith(str(world.sandbox.home))


def test_the_description_names_the_resolved_digest(world: World) -> None:
    by_tag = world.config(world.variant(world.model(image=f"{world.uri}:v1")))
    description = world.describe(world.endpoint(by_tag))
    [variant] = description["ProductionVariants"]
    [image] = variant["DeployedImages"]
    assert image["SpecifiedImage"] == f"{world.uri}:v1"
    assert image["ResolvedImage"] == f"{world.uri}@{world.digest}"
    assert variant["CurrentInstanceCount"] == variant["DesiredInstanceCount"] == 1
    assert variant["CurrentWeight"] == variant["DesiredWeight"] == 1.0
    assert description["EndpointConfigName"] == by_tag
    for absent in ("FailureReason", "LastDeploymentConfig", "PendingDeploymentSummary"):
        assert absent not in description


def test_the_aws_form_of_an_image_uri_is_the_same_image(world: World) -> None:
    uri = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/tiny@{world.digest}"
    endpoint = world.endpoint(world.config(world.variant(world.model("aws", image=uri))))
    [variant] = world.describe(endpoint)["ProductionVariants"]
    assert variant["DeployedImages"][0]["ResolvedImage"] == uri
    assert world.version(endpoint) == "aws"


def test_boto3_waiters_see_it_come_and_go(world: World) -> None:
    name = world.name("endpoint")
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=world.simple_config())
    quick = {"Delay": 1, "MaxAttempts": 30}
    world.sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=quick)
    world.sagemaker.delete_endpoint(EndpointName=name)
    world.sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig=quick)


def test_deleting_ends_the_processes(world: World) -> None:
    endpoint = world.endpoint(world.simple_config(count=2))
    pids = [instance["pid"] for instance in world.instances(endpoint)]
    assert len(pids) == 2
    world.sagemaker.delete_endpoint(EndpointName=endpoint)
    wait_for(lambda: endpoint not in listed(world), "the endpoint to be gone")
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    with pytest.raises(ClientError, match="Could not find endpoint"):
        world.describe(endpoint)


def test_instances_above_the_cap_are_counted_and_not_started(world: World) -> None:
    endpoint = world.endpoint(world.simple_config(count=5))
    assert world.describe(endpoint)["ProductionVariants"][0]["CurrentInstanceCount"] == 5
    assert len(world.instances(endpoint)) == 2


def test_an_image_that_fails_its_ping_makes_the_endpoint_fail(world: World) -> None:
    name = world.name("endpoint")
    world.sandbox.faults("fail_ping", endpoint=name)
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=world.simple_config())
    description = world.settled(name)
    assert description["EndpointStatus"] == "Failed"
    assert description["FailureReason"] == (
        "The primary container for production variant live did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )
    with pytest.raises(ClientError, match="DeleteEndpoint is the only operation"):
        world.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=world.simple_config())
    world.sagemaker.delete_endpoint(EndpointName=name)


def test_a_server_that_cannot_start_fails_without_waiting_for_the_time_out(world: World) -> None:
    name = world.name("endpoint")
    config = world.simple_config(PYTHONHOME="/nowhere")
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    assert "did not pass the ping" in world.settled(name)["FailureReason"]
    group = f"/aws/sagemaker/Endpoints/{name}"
    events = world.sandbox.client("logs").filter_log_events(logGroupName=group)["events"]
    assert any("encodings" in event["message"] for event in events), "the logs say why"


def test_one_bad_variant_leaves_no_server_of_the_good_one(world: World) -> None:
    good, bad = world.model("1"), world.model("2", PYTHONHOME="/nowhere")
    before = set(world.sandbox.status()["children"])
    name = world.name("endpoint")
    config = world.config(world.variant(good, "good"), world.variant(bad, "bad"))
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    description = world.settled(name)
    assert description["EndpointStatus"] == "Failed"
    assert "production variant bad" in description["FailureReason"]
    wait_for(lambda: set(world.sandbox.status()["children"]) <= before, "the good variant's server to end")


def test_no_capacity_fails_with_sagemakers_words(world: World) -> None:
    name = world.name("endpoint")
    world.sandbox.faults("insufficient_capacity", endpoint=name)
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=world.simple_config())
    assert "InsufficientInstanceCapacity" in world.settled(name)["FailureReason"]


def test_nothing_may_change_while_it_is_creating(world: World) -> None:
    name = world.name("endpoint")
    config = world.simple_config()
    with world.held(name):
        world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        creating = world.describe(name)
        assert creating["EndpointStatus"] == "Creating"
        assert creating["PendingDeploymentSummary"]["EndpointConfigName"] == config
        assert "ProductionVariants" not in creating
        for refused in (
            lambda: world.sagemaker.delete_endpoint(EndpointName=name),
            lambda: world.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config),
        ):
            with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
                refused()
        with pytest.raises(ClientError, match="not found"):
            world.invoke(name)
    assert world.settled(name)["EndpointStatus"] == "InService"


def test_a_slow_ping_delays_an_endpoint(world: World) -> None:
    name = world.name("endpoint")
    world.sandbox.faults("slow_ping", endpoint=name, seconds=1)
    started = time.monotonic()
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=world.simple_config())
    assert world.settled(name)["EndpointStatus"] == "InService"
    assert time.monotonic() - started > 1, "its ping was slow"


def test_names_are_taken_once(world: World) -> None:
    config = world.simple_config()
    endpoint = world.endpoint(config)
    with pytest.raises(ClientError, match="Cannot create already existing endpoint ") as error:
        world.sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    assert error.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(ClientError, match="Cannot create already existing endpoint configuration"):
        world.sagemaker.create_endpoint_config(
            EndpointConfigName=config, ProductionVariants=[world.variant("whatever")]
        )


def test_what_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        world.sagemaker.create_endpoint(EndpointName=world.name("e"), EndpointConfigName="no-such-config")
    with pytest.raises(ClientError, match="Could not find model"):
        world.config(world.variant("no-such-model"))
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        world.sagemaker.delete_endpoint_config(EndpointConfigName="no-such-config")


def test_a_config_in_use_can_be_deleted_and_the_endpoint_goes_on(world: World) -> None:
    config = world.simple_config("kept")
    endpoint = world.endpoint(config)
    model = world.sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"][0]
    world.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    world.sagemaker.delete_model(ModelName=model["ModelName"])
    assert world.version(endpoint) == "kept"
    assert world.describe(endpoint)["EndpointConfigName"] == config


def test_a_server_that_dies_is_started_again(world: World) -> None:
    endpoint = world.endpoint()
    before = world.invoke(endpoint)["pid"]
    with pytest.raises(ClientError) as error:
        world.invoke(endpoint, "die")
    assert error.value.response["Error"]["Code"] == "ModelError"
    wait_for(lambda: all(i["healthy"] and i["restarts"] for i in world.instances(endpoint)), "a new server")
    assert world.invoke(endpoint)["pid"] != before


def test_lists_and_tags_know_the_endpoint(world: World) -> None:
    endpoint, config = world.name("tagged"), world.simple_config()
    tags = [{"Key": "team", "Value": "delays"}]
    world.sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config, Tags=tags)
    arn = world.settled(endpoint)["EndpointArn"]
    assert listed(world, NameContains="tagged") == [endpoint]
    assert endpoint in listed(world, StatusEquals="InService")
    assert world.sagemaker.list_tags(ResourceArn=arn)["Tags"] == tags
    pages = world.sagemaker.get_paginator("list_models").paginate(PaginationConfig={"PageSize": 2})
    names = [model["ModelName"] for page in pages for model in page["Models"]]
    assert len(names) == len(set(names)) >= 1


def listed(world: World, **filters: str) -> list[str]:
    """The names of all endpoints."""
    pages = world.sagemaker.get_paginator("list_endpoints").paginate(**filters)
    return [endpoint["EndpointName"] for page in pages for endpoint in page["Endpoints"]]
