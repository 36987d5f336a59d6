"""Refusals on request, and what a broken image or artifact leaves behind, in AWS's own words."""

from collections.abc import Callable

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.sandbox.images import push_image
from tests.sandbox.world import BUCKET, World, wait_for

pytestmark = pytest.mark.sandbox

ONCE = Config(retries={"total_max_attempts": 1})
REASONS: dict[str, Callable[[World], str]] = {
    "image_denied": lambda world: (
        f"The role '{world.role}' does not have BatchGetImage permission for the image"
    ),
    "key_denied": lambda world: f"User: {world.role} is not authorized to perform: kms:Decrypt",
}


@pytest.mark.parametrize("kind", REASONS)
def test_a_denied_deployment_says_what_the_role_may_not(world: World, kind: str) -> None:
    endpoint, old = world.endpoint(), world.simple_config("2")
    world.sandbox.faults(kind, endpoint=endpoint)
    found = world.update(endpoint, old)
    assert REASONS[kind](world) in found["FailureReason"]
    assert found["EndpointConfigName"] != old
    assert "FailureReason" not in world.update(endpoint, old)


@pytest.mark.parametrize("action", ["CreateEndpoint", "UpdateEndpoint"])
def test_a_quota_refuses_the_call_itself_and_says_its_numbers(world: World, action: str) -> None:
    endpoint = world.endpoint() if action == "UpdateEndpoint" else world.name("endpoint")
    config = world.config(world.variant(world.model(), count=3))
    world.sandbox.faults("quota_exceeded", endpoint=endpoint)
    call = world.sagemaker.create_endpoint if action == "CreateEndpoint" else world.sagemaker.update_endpoint
    with pytest.raises(ClientError) as error:
        call(EndpointName=endpoint, EndpointConfigName=config)
    said = error.value.response["Error"]
    assert said["Code"] == "ResourceLimitExceeded"
    assert "service limit 'ml.m7i.large for endpoint usage' is 0 Instances" in said["Message"]
    assert "a request delta of 3 Instances" in said["Message"]


def test_a_failing_call_says_the_reason_that_was_given(world: World) -> None:
    world.sandbox.faults(
        "fail_aws", action="ListModels", code="AccessDeniedException", status=400, reason="No!"
    )
    with pytest.raises(ClientError, match="No!"):
        world.sandbox.client("sagemaker", config=ONCE).list_models()


def test_an_artifact_that_is_no_archive_is_refused_in_sagemakers_words(world: World) -> None:
    model, endpoint = world.name("model"), world.name("endpoint")
    world.s3.put_object(Bucket=BUCKET, Key=f"{model}/model.tar.gz", Body=b"no archive")
    url = f"s3://{BUCKET}/{model}/model.tar.gz"
    world.sagemaker.create_model(
        ModelName=model,
        ExecutionRoleArn=world.role,
        PrimaryContainer={"Image": f"{world.uri}@{world.digest}", "ModelDataUrl": url},
    )
    world.sagemaker.create_endpoint(
        EndpointName=endpoint, EndpointConfigName=world.config(world.variant(model))
    )
    found = world.settled(endpoint)
    assert found["EndpointStatus"] == "Failed"
    assert (
        f'Failed to extract model data archive for container "container_1" from URL "{url}"'
        in (found["FailureReason"])
    )


def test_a_program_that_cannot_be_executed_leaves_its_line_in_the_log(world: World) -> None:
    digest = push_image(world.uri, world.folder, tag="gone", entrypoint="/opt/app/gone.py")
    endpoint = world.name("endpoint")
    model = world.model(image=f"{world.uri}@{digest}")
    world.sagemaker.create_endpoint(
        EndpointName=endpoint, EndpointConfigName=world.config(world.variant(model))
    )
    assert world.settled(endpoint)["EndpointStatus"] == "Failed"
    logs, group = world.sandbox.client("logs"), f"/aws/sagemaker/Endpoints/{endpoint}"
    events = wait_for(lambda: logs.filter_log_events(logGroupName=group)["events"], "the log")
    assert events[0]["message"] == "exec /opt/app/gone.py: no such file or directory"
