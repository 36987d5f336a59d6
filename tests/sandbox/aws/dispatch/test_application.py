"""Calls that fail as asked or are not covered, in the caller's own protocol; and how often each was made."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.testing import SandboxHandle
from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox


ONCE = Config(retries={"total_max_attempts": 1})


@pytest.mark.parametrize(
    ("service", "action", "call"),
    [
        ("sagemaker", "ListEndpoints", lambda c: c.list_endpoints()),
        ("iam", "ListRoles", lambda c: c.list_roles()),
        ("s3", "ListBuckets", lambda c: c.list_buckets()),
        ("cloudwatch", "DescribeAlarms", lambda c: c.describe_alarms()),
        ("ecr", "DescribeRepositories", lambda c: c.describe_repositories()),
        ("sagemaker-runtime", "InvokeEndpoint", lambda c: c.invoke_endpoint(EndpointName="x", Body=b"")),
    ],
)
def test_a_call_fails_as_asked_in_its_own_protocol(
    sandbox: SandboxHandle, service: str, action: str, call: Callable[[Any], Any]
) -> None:
    client = sandbox.client(service, config=ONCE)
    sandbox.faults("fail_aws", service=service, action=action, code="ThrottlingException", count=2)
    for _ in range(2):
        with pytest.raises(ClientError) as error:
            call(client)
        assert error.value.response["Error"]["Code"] == "ThrottlingException"
        assert error.value.response["Error"]["Message"] == "Rate exceeded"
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    if service != "sagemaker-runtime":
        call(client)


def test_a_server_error_has_the_status_that_was_asked_for(sandbox: SandboxHandle) -> None:
    sandbox.faults("fail_aws", action="ListModels", code="InternalFailure")
    with pytest.raises(ClientError) as error:
        sandbox.client("sagemaker", config=ONCE).list_models()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    sandbox.faults("fail_aws", action="ListModels", code="Odd", status=503)
    with pytest.raises(ClientError) as error:
        sandbox.client("sagemaker", config=ONCE).list_models()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_botos_own_retries_get_over_a_throttled_call(sandbox: SandboxHandle) -> None:
    sandbox.faults("fail_aws", action="ListEndpointConfigs", count=2)
    assert "EndpointConfigs" in sandbox.client("sagemaker").list_endpoint_configs()


def test_calls_can_be_counted(world: World) -> None:
    endpoint = world.endpoint()
    world.sandbox.reset_calls()
    world.update(endpoint, world.simple_config("2"))
    world.version(endpoint)
    calls = world.sandbox.calls()
    assert calls["sagemaker"]["UpdateEndpoint"] == 1
    assert calls["sagemaker-runtime"]["InvokeEndpoint"] == 1
    assert calls["s3"]["PutObject"] == 1


def test_an_action_that_is_not_covered_says_so(sandbox: SandboxHandle) -> None:
    with pytest.raises(ClientError) as error:
        sandbox.client("sagemaker", config=ONCE).list_workforces()
    assert error.value.response["Error"]["Code"] == "NotImplemented"
    assert "ListWorkforces" in error.value.response["Error"]["Message"]
    assert "Traceback" not in error.value.response["Error"]["Message"]


def test_the_runtime_actions_that_are_not_covered_say_so(sandbox: SandboxHandle) -> None:
    runtime = sandbox.client("sagemaker-runtime", config=ONCE)
    with pytest.raises(ClientError) as error:
        runtime.invoke_endpoint_async(EndpointName="x", InputLocation="s3://a/b")
    assert error.value.response["Error"]["Code"] == "NotImplemented"
