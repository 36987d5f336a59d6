"""Faults that are asked for, through the whole sandbox, and the page that shows it."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.core.settings import SandboxError
from sandbox.testing import SandboxHandle
from tests.sandbox.images import push_image, trust_policy
from tests.sandbox.world import World, wait_for

pytestmark = pytest.mark.sandbox

ONCE = Config(retries={"total_max_attempts": 1})


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    response = error.value.response
    return response["Error"]["Code"]


def test_a_server_crashes_after_so_many_requests_and_comes_back(world: World) -> None:
    endpoint = world.endpoint()
    world.sandbox.faults("crash_after", endpoint=endpoint, requests=4)
    first = [world.invoke(endpoint)["pid"] for _ in range(3)]
    with pytest.raises(ClientError) as error:
        world.invoke(endpoint)
    assert code(error) == "ModelError"
    wait_for(lambda: world.instances(endpoint)[0]["healthy"], "the new server")
    assert world.invoke(endpoint)["pid"] not in first


def test_a_rate_of_errors_hits_the_new_config_alone(world: World) -> None:
    """Where two fleets of one variant serve, `config` says which is meant."""
    endpoint = world.endpoint(world.simple_config("old"))
    bad = world.simple_config("new", count=2)
    world.sandbox.faults("invoke_errors", endpoint=endpoint, config=bad, status=503)
    policy = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                "WaitIntervalInSeconds": 240,
            }
        }
    }
    world.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=bad, DeploymentConfig=policy)
    wait_for(lambda: len(world.instances(endpoint, "pending")) == 2, "the new fleet")
    seen: Counter[str] = Counter()
    while len(seen) < 2 and world.describe(endpoint)["EndpointStatus"] == "Updating":
        try:
            seen[world.version(endpoint)] += 1
        except ClientError as error:
            seen[str(error.response.get("OriginalStatusCode"))] += 1
    assert set(seen) == {"old", "503"}
    world.settled(endpoint)


def test_latency_is_added_at_a_rate(world: World) -> None:
    endpoint = world.endpoint()
    world.sandbox.faults("invoke_latency", endpoint=endpoint, seconds=0.15, rate=0.5)
    slow = 0
    for _ in range(24):
        started = time.perf_counter()
        world.invoke(endpoint)
        slow += time.perf_counter() - started >= 0.15
    assert 3 <= slow <= 21


def test_a_registry_outage_stops_pushes_and_ends(world: World) -> None:
    world.sandbox.faults("registry_outage")
    with pytest.raises(AssertionError, match="UNAVAILABLE"):
        push_image(world.uri, world.folder, tag="outage", marker="a")
    world.sandbox.clear_faults()
    assert push_image(world.uri, world.folder, tag="after-outage", marker="b").startswith("sha256:")


def test_s3_answers_5xx_in_its_own_protocol(world: World) -> None:
    s3 = world.sandbox.client("s3", config=ONCE)
    for name, status in (("InternalError", 500), ("SlowDown", 503)):
        world.sandbox.faults("fail_aws", service="s3", code=name)
        with pytest.raises(ClientError) as error:
            s3.list_buckets()
        answer = error.value.response
        assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (name, status)
    assert s3.list_buckets()["Buckets"]


def test_model_data_that_s3_does_not_give_fails_the_deployment(world: World) -> None:
    name, config = world.name("no-s3"), world.simple_config()
    world.sandbox.faults("fail_aws", service="s3", action="GetObject", code="InternalError")
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    description = world.settled(name)
    assert description["EndpointStatus"] == "Failed"
    assert "Failed to download model data" in description["FailureReason"]


def test_a_small_skew_moves_timestamps_and_a_large_one_refuses_signatures(world: World) -> None:
    client = world.sandbox.client("sagemaker", config=ONCE)
    world.sandbox.faults("clock_skew", seconds=240)
    created = client.describe_model(ModelName=world.model())["CreationTime"]
    assert created - datetime.now(UTC) > timedelta(seconds=200)
    s3, bucket = world.sandbox.client("s3"), world.name("skewed")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    answer = s3.get_object(Bucket=bucket, Key="key")
    assert answer["LastModified"] - datetime.now(UTC) > timedelta(seconds=200)
    said = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    assert timedelta(seconds=-1) <= said - answer["LastModified"] < timedelta(seconds=60)
    world.sandbox.clear_faults()
    for seconds, words in ((3600, "Signature expired"), (-3600, "Signature not yet current")):
        world.sandbox.faults("clock_skew", seconds=seconds)
        with pytest.raises(ClientError, match=words) as error:
            client.list_models()
        assert code(error) == "InvalidSignatureException"
        with pytest.raises(ClientError, match=words) as error:
            world.sandbox.client("sts", config=ONCE).get_caller_identity()
        assert code(error) == "SignatureDoesNotMatch"
        with pytest.raises(ClientError, match=words) as error:
            world.runtime.invoke_endpoint(EndpointName="any", Body=b"x")
        assert code(error) == "InvalidSignatureException"
        with pytest.raises(ClientError, match="RequestTimeTooSkewed"):
            world.sandbox.client("s3", config=ONCE).list_buckets()
        world.sandbox.clear_faults()
    assert client.list_models()


def test_a_role_that_was_just_created_is_not_seen_yet(world: World) -> None:
    world.sandbox.faults("eventual_consistency", service="iam", seconds=0.6)
    role = world.sandbox.client("iam").create_role(
        RoleName=world.name("young"), AssumeRolePolicyDocument=trust_policy()
    )["Role"]["Arn"]
    container = {"Image": f"{world.uri}@{world.digest}"}

    def create() -> bool:
        try:
            world.sagemaker.create_model(
                ModelName=world.name("m"), ExecutionRoleArn=role, PrimaryContainer=container
            )
        except ClientError as error:
            return "trust relationship" not in str(error)
        return True

    assert create() is False
    wait_for(create, "the role to be seen")


def test_a_patch_needs_an_endpoint_in_service(sandbox: SandboxHandle) -> None:
    with pytest.raises(SandboxError, match="there is no endpoint 'nobody'"):
        sandbox.faults("system_update", endpoint="nobody")


def test_a_browser_gets_a_page_and_a_program_json(world: World) -> None:
    endpoint = world.endpoint(world.simple_config(count=4))
    world.invoke(endpoint)
    world.sandbox.faults("slow_ping", endpoint="<b>later</b>", seconds=1)
    url = f"{world.sandbox.endpoint_url}/_sandbox/"
    page = requests.get(url, headers={"Accept": "text/html,application/xhtml+xml;q=0.9"}, timeout=10)
    assert page.headers["Content-Type"].startswith("text/html")
    for part in (endpoint, "InService", "2 simulated", "slow_ping", "CreateEndpoint", "InvokeEndpoint"):
        assert part in page.text
    assert "<b>later</b>" not in page.text, "what callers name is escaped"
    status = requests.get(url, timeout=10)
    assert status.headers["Content-Type"] == "application/json"
    recent = [call["action"] for call in status.json()["recent_calls"]]
    assert "InvokeEndpoint" in recent


def test_a_fault_of_a_deployment_is_meant_for_its_config(world: World) -> None:
    endpoint = world.endpoint()
    good, bad = world.simple_config("good"), world.simple_config("bad")
    world.sandbox.faults("silent_rollback", endpoint=endpoint, config=bad)
    assert world.update(endpoint, good)["EndpointConfigName"] == good
    assert world.update(endpoint, bad)["EndpointConfigName"] == good
    world.sandbox.faults("fail_ping", endpoint=endpoint, config=bad)
    after = world.update(endpoint, bad)
    assert "did not pass the ping" in after["FailureReason"]
