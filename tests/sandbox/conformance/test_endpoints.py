"""Endpoints: CreateEndpoint, DescribeEndpoint, DeleteEndpoint, and the states between."""

import time
from typing import Any

import pytest

from tests.sandbox.conformance.convention import behaviour
from tests.sandbox.conformance.refusals import refused
from tests.sandbox.world import BUCKET, World, wait_for

ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint"
PING = (
    "The primary container for production variant live did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)


@pytest.fixture(scope="module")
def endpoint(world: World) -> str:
    """An endpoint that no test of this file changes."""
    return world.endpoint(name="Steady")


def failed(world: World, config: str = "", **fault: Any) -> dict[str, Any]:
    """Create an endpoint that cannot be; returns its description once it has failed."""
    name = world.name("failing")
    if fault:
        world.sandbox.faults(**fault, endpoint=name)
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config or world.simple_config())
    description = world.settled(name)
    assert description["EndpointStatus"] == "Failed"
    return description


@behaviour("SageMaker", "CreateEndpoint")
def test_the_arn(world: World, endpoint: str) -> None:
    """CreateEndpoint answers the endpoint's ARN, with its name in lower case."""
    assert world.describe(endpoint)["EndpointArn"] == f"{ARN}/steady"


@behaviour("SageMaker", "CreateEndpoint")
def test_a_name_is_taken_once(world: World, endpoint: str) -> None:
    """An endpoint name that is taken is refused; names are case-insensitive in CreateEndpoint."""
    config = world.describe(endpoint)["EndpointConfigName"]
    for name in ("Steady", "steady"):
        with refused("ValidationException", "Cannot create already existing endpoint"):
            world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)


@behaviour("SageMaker", "CreateEndpoint")
def test_a_missing_config(world: World) -> None:
    """An endpoint config that is not there is refused at CreateEndpoint."""
    with refused("ValidationException", "Could not find endpoint configuration"):
        world.sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="nope")


@behaviour("SageMaker", "CreateEndpoint")
def test_the_pattern_of_a_name(world: World) -> None:
    """An endpoint name with an underscore breaks the pattern of EndpointName."""
    with refused("ValidationException", "Value 'my_endpoint' at 'endpointName' failed to satisfy constraint"):
        world.sagemaker.create_endpoint(EndpointName="my_endpoint", EndpointConfigName="c")


@behaviour("SageMaker", "CreateEndpoint")
def test_the_length_of_a_name(world: World) -> None:
    """An endpoint name of more than 63 characters is refused."""
    with refused("ValidationException", "Member must have length less than or equal to 63"):
        world.sagemaker.create_endpoint(EndpointName="e" * 64, EndpointConfigName="c")


@behaviour("SageMaker", "DescribeEndpoint")
def test_creating(world: World) -> None:
    """While it is created an endpoint is Creating, with its variants in PendingDeploymentSummary."""
    name, config = world.name("slow"), world.simple_config(count=2)
    with world.held(name):
        world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        seen = world.describe(name)
    assert seen["EndpointStatus"] == "Creating"
    assert "ProductionVariants" not in seen
    pending = seen["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == config
    assert pending["StartTime"].tzinfo is not None
    [variant] = pending["ProductionVariants"]
    assert (variant["VariantName"], variant["VariantStatus"][0]["Status"]) == ("live", "Creating")
    assert variant["InstanceType"] == "ml.m7i.large"
    assert world.settled(name)["EndpointStatus"] == "InService"


@behaviour("SageMaker", "DeleteEndpoint")
def test_no_change_while_creating(world: World) -> None:
    """An endpoint that is Creating can be neither updated nor deleted."""
    name, config = world.name("slow"), world.simple_config()
    with world.held(name):
        world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        with refused("ValidationException", f'Cannot update in-progress endpoint "{ARN}/{name}"'):
            world.sagemaker.delete_endpoint(EndpointName=name)
        with refused("ValidationException", "Cannot update in-progress endpoint"):
            world.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)


@behaviour("SageMaker", "DescribeEndpoint")
def test_in_service(world: World, endpoint: str) -> None:
    """An endpoint InService has weights and counts, current and desired, and no reason of a failure."""
    seen = world.describe(endpoint)
    assert seen["EndpointStatus"] == "InService"
    [variant] = seen["ProductionVariants"]
    assert variant["CurrentWeight"] == variant["DesiredWeight"] == 1.0
    assert variant["CurrentInstanceCount"] == variant["DesiredInstanceCount"] == 1
    assert not {"FailureReason", "PendingDeploymentSummary", "LastDeploymentConfig"} & set(seen)


@behaviour("SageMaker", "DescribeEndpoint")
def test_timestamps(world: World, endpoint: str) -> None:
    """CreationTime and LastModifiedTime are there, and a change moves the second alone."""
    name = world.endpoint()
    before = world.describe(name)
    after = world.update(name, world.simple_config("2"))
    assert after["CreationTime"] == before["CreationTime"]
    assert after["LastModifiedTime"] > before["LastModifiedTime"] >= before["CreationTime"]


@behaviour("SageMaker", "DeployedImage")
def test_deployed_images(world: World) -> None:
    """DeployedImages has the image as it was specified, and as a digest that it was resolved to."""
    name = world.endpoint(world.config(world.variant(world.model(image=f"{world.uri}:v1"))))
    [image] = world.describe(name)["ProductionVariants"][0]["DeployedImages"]
    assert image["SpecifiedImage"] == f"{world.uri}:v1"
    assert image["ResolvedImage"] == f"{world.uri}@{world.digest}"
    assert image["ResolutionTime"].tzinfo is not None


@behaviour("SageMaker", "DescribeEndpoint")
def test_describe_what_is_not_there(world: World) -> None:
    """DescribeEndpoint of an endpoint that is not there is a ValidationException."""
    with refused("ValidationException", f'Could not find endpoint "{ARN}/nope"'):
        world.sagemaker.describe_endpoint(EndpointName="nope")


@behaviour("SageMaker", "DescribeEndpoint")
def test_a_failed_ping(world: World) -> None:
    """A container that does not pass its ping makes the endpoint Failed, with SageMaker's reason."""
    assert failed(world, kind="fail_ping")["FailureReason"] == PING


@behaviour("SageMaker", "DescribeEndpoint")
def test_no_capacity(world: World) -> None:
    """Missing capacity makes the endpoint Failed with InsufficientInstanceCapacity."""
    assert "InsufficientInstanceCapacity" in failed(world, kind="insufficient_capacity")["FailureReason"]


@behaviour("SageMaker", "DescribeEndpoint")
def test_model_data_that_went_away(world: World) -> None:
    """Model data that is deleted after CreateModel makes the endpoint Failed when it is downloaded."""
    config = world.simple_config("gone")
    [variant] = world.sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    model = world.sagemaker.describe_model(ModelName=variant["ModelName"])
    key = model["PrimaryContainer"]["ModelDataUrl"].partition(f"{BUCKET}/")[2]
    world.s3.delete_object(Bucket=BUCKET, Key=key)
    assert "Failed to download model data" in failed(world, config)["FailureReason"]


@behaviour("SageMaker", "DescribeEndpoint")
def test_a_registry_that_is_out(world: World) -> None:
    """An image that cannot be pulled makes the endpoint Failed with a reason."""
    config = world.simple_config()
    world.sandbox.faults("registry_outage")
    assert "Failed to pull the image" in failed(world, config)["FailureReason"]


@behaviour("SageMaker", "UpdateEndpoint")
def test_a_failed_endpoint_can_only_be_deleted(world: World) -> None:
    """An endpoint that failed can be deleted and nothing else."""
    name = failed(world, kind="insufficient_capacity")["EndpointName"]
    with refused("ValidationException", "DeleteEndpoint is the only operation"):
        world.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=world.simple_config())
    world.sagemaker.delete_endpoint(EndpointName=name)
    wait_for(lambda: name not in str(world.sagemaker.list_endpoints(MaxResults=100)), "it to be gone")


@behaviour("SageMaker", "DeleteEndpoint")
def test_delete(world: World) -> None:
    """A deleted endpoint is Deleting, then gone; its config and models stay."""
    config = world.simple_config()
    name = world.endpoint(config)
    world.sagemaker.delete_endpoint(EndpointName=name)
    world.sagemaker.get_waiter("endpoint_deleted").wait(
        EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    assert world.sagemaker.describe_endpoint_config(EndpointConfigName=config)
    assert world.endpoint(config, name=name) == name, "its name is free again"


@behaviour("SageMaker", "DeleteEndpoint")
def test_delete_what_is_not_there(world: World) -> None:
    """DeleteEndpoint of an endpoint that is not there is a ValidationException."""
    with refused("ValidationException", "Could not find endpoint"):
        world.sagemaker.delete_endpoint(EndpointName="nope")


@behaviour("SageMaker", "DescribeEndpoint")
def test_waiters(world: World) -> None:
    """boto3's waiter endpoint_in_service returns when the endpoint serves."""
    name = world.name("waited")
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=world.simple_config())
    world.sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    assert world.version(name) == "1"


@behaviour("SageMaker", "DescribeEndpoint")
def test_system_updating(world: World) -> None:
    """An endpoint that AWS patches is SystemUpdating, goes on serving, and cannot be changed."""
    name = world.endpoint()
    before = {instance["id"] for instance in world.instances(name)}
    with world.held(name):
        world.sandbox.faults("system_update", endpoint=name)
        assert world.describe(name)["EndpointStatus"] == "SystemUpdating"
        assert world.version(name) == "1"
        with refused("ValidationException", "Cannot update in-progress endpoint"):
            world.sagemaker.delete_endpoint(EndpointName=name)
    seen = wait_for(
        lambda: (d := world.describe(name))["EndpointStatus"] != "SystemUpdating" and d, "the patch"
    )
    assert seen["EndpointStatus"] == "InService"
    assert world.version(name) == "1"
    assert not before & {instance["id"] for instance in world.instances(name)}


@behaviour("SageMaker", "ProductionVariantSummary")
def test_serverless_variants(world: World) -> None:
    """A serverless variant serves, and is described with its CurrentServerlessConfig."""
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    variant = {"VariantName": "live", "ModelName": world.model("sls"), "ServerlessConfig": serverless}
    name = world.endpoint(world.config(variant))
    assert world.describe(name)["ProductionVariants"][0]["CurrentServerlessConfig"] == serverless
    assert world.version(name) == "sls"


@behaviour("SageMaker", "https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html")
def test_a_dead_server_is_started_again(world: World) -> None:
    """A model server that dies shows as errors and is started again."""
    name = world.endpoint()
    [before] = world.instances(name)
    with refused("ModelError", status=424):
        world.invoke(name, "die")
    wait_for(
        lambda: world.instances(name)[0]["restarts"] and world.instances(name)[0]["healthy"], "a restart"
    )
    [after] = world.instances(name)
    assert (after["id"], after["pid"] != before["pid"]) == (before["id"], True)
    assert world.version(name) == "1"


@behaviour("SageMaker", "ProductionVariant")
def test_many_instances(world: World) -> None:
    """Any instance count is accepted; those above the sandbox's cap are counted, and the logs say so."""
    name = world.endpoint(world.simple_config(count=5))
    assert world.describe(name)["ProductionVariants"][0]["CurrentInstanceCount"] == 5
    assert len(world.instances(name)) == 2
    logs = world.sandbox.client("logs")
    events = logs.filter_log_events(logGroupName=f"/aws/sagemaker/Endpoints/{name}")["events"]
    assert any("3 of 5 instances are simulated" in event["message"] for event in events)


@behaviour("SageMaker", "DescribeEndpoint")
def test_eventual_consistency(world: World) -> None:
    """What was just created may not be found yet, when that is asked for."""
    world.sandbox.faults("eventual_consistency", seconds=0.5, service="sagemaker")
    started = time.monotonic()
    config = world.model()
    with refused("ValidationException", "Could not find model"):
        world.sagemaker.describe_model(ModelName=config)
    wait_for(lambda: config in str(world.sagemaker.list_models(MaxResults=100)), "the model to be seen")
    assert time.monotonic() - started >= 0.5
    assert world.sagemaker.describe_model(ModelName=config)
