"""The data plane: what goes through untouched, who answers, and how failures look."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.world import World, wait_for

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def endpoint(world: World) -> str:
    """An endpoint with the variants `a` (weight 3) and `b` (weight 1)."""
    variants = [
        world.variant(world.model(name), name, 1, weight) for name, weight in (("a", 3.0), ("b", 1.0))
    ]
    return world.endpoint(world.config(*variants))


def test_bytes_and_headers_go_through_untouched(world: World, endpoint: str) -> None:
    answer = world.runtime.invoke_endpoint(
        EndpointName=endpoint,
        Body=b"echo",
        ContentType="application/x-odd; charset=latin-1",
        CustomAttributes="trace=abc",
    )
    assert answer["Body"].read() == b"echo"
    assert answer["ContentType"] == "application/x-odd; charset=latin-1"
    assert answer["CustomAttributes"] == "trace=abc"


def test_variants_are_chosen_by_weight(world: World, endpoint: str) -> None:
    seen: Counter[str] = Counter()
    for _ in range(1200):
        answer = world.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"x")
        variant = answer["InvokedProductionVariant"]
        assert json.loads(answer["Body"].read())["version"] == variant
        seen[variant] += 1
    chi_square = (seen["a"] - 900) ** 2 / 900 + (seen["b"] - 300) ** 2 / 300
    assert chi_square < 15.1, f"{seen}: less likely than one in ten thousand"


def test_a_target_variant_gets_the_request_whatever_its_weight(world: World, endpoint: str) -> None:
    for variant in ("b", "a"):
        answer = world.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"x", TargetVariant=variant)
        assert answer["InvokedProductionVariant"] == variant
    with pytest.raises(ClientError, match="Variant c not found") as error:
        world.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"x", TargetVariant="c")
    assert error.value.response["Error"]["Code"] == "ValidationError"


@pytest.mark.parametrize("status", [400, 422, 500, 503])
def test_an_error_of_the_container_is_a_model_error(world: World, endpoint: str, status: int) -> None:
    with pytest.raises(ClientError) as error:
        world.invoke(endpoint, f"status {status}")
    answer = error.value.response
    assert answer["Error"]["Code"] == "ModelError"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert answer["OriginalStatusCode"] == status
    assert answer["OriginalMessage"] == "as you wish"
    assert f"log-group:/aws/sagemaker/Endpoints/{endpoint}" in answer["LogStreamArn"]


def test_an_endpoint_that_is_not_there(world: World) -> None:
    with pytest.raises(ClientError) as error:
        world.invoke("no-such-endpoint")
    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "Endpoint no-such-endpoint of account 123456789012 not found." in str(error.value)


def test_a_body_above_six_mebibytes_is_refused(world: World, endpoint: str) -> None:
    assert world.invoke(endpoint, "x" * (6 << 20))
    with pytest.raises(ClientError) as error:
        world.invoke(endpoint, "x" * ((6 << 20) + 1))
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_invocations_become_metrics_and_prints_become_logs(world: World) -> None:
    name = world.endpoint()
    for _ in range(5):
        world.invoke(name, "counted")
    with pytest.raises(ClientError):
        world.invoke(name, "status 500")
    wait_for(lambda: metric(world, name, "Invocations") == 6, "six invocations in CloudWatch")
    assert metric(world, name, "Invocation5XXErrors") == 1
    assert metric(world, name, "Invocation4XXErrors") == 0
    assert metric(world, name, "ModelLatency") > 0
    logs = world.sandbox.client("logs")
    group = f"/aws/sagemaker/Endpoints/{name}"
    [stream] = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert stream["logStreamName"] == f"live/{world.instances(name)[0]['id']}"
    events = logs.filter_log_events(logGroupName=group, filterPattern="counted")["events"]
    assert len(events) == 5


def test_a_plain_client_needs_only_the_environment(world: World, endpoint: str) -> None:
    program = (
        "import boto3\n"
        f"answer = boto3.client('sagemaker-runtime').invoke_endpoint(EndpointName='{endpoint}', Body=b'x')\n"
        "print(answer['InvokedProductionVariant'])\n"
        "boto3.client('sagemaker').get_waiter('endpoint_in_service').wait("
        f"EndpointName='{endpoint}')\n"
    )
    names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    env = {"PATH": os.environ["PATH"]} | {name: world.sandbox.env[name] for name in names}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() in ("a", "b")


def test_the_fast_path_adds_little(world: World, endpoint: str) -> None:
    """A generous bound for a loaded machine; `make bench` measures."""
    took = []
    for _ in range(50):
        started = time.perf_counter()
        world.invoke(endpoint)
        took.append(time.perf_counter() - started)
    assert sorted(took)[25] < 0.03


def metric(world: World, endpoint: str, name: str) -> float:
    now = datetime.now(UTC)
    answer = world.sandbox.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=name,
        Dimensions=[
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": "live"},
        ],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in answer["Datapoints"])
