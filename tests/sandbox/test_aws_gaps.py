"""What the sandbox adds to moto beside SageMaker and ECR, and the faults and counts of AWS calls."""

import http.client
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.core.settings import SandboxError
from sandbox.testing import SandboxHandle
from tests.sandbox.world import World

pytestmark = pytest.mark.sandbox

ONCE = Config(retries={"total_max_attempts": 1})


def test_a_tls_only_bucket_can_be_used(sandbox: SandboxHandle) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="tls-only")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.put_bucket_policy(Bucket="tls-only", Policy=policy)
    s3.put_object(Bucket="tls-only", Key="a/é b", Body=b"x", Metadata={"my_key": "v"})
    answer = s3.get_object(Bucket="tls-only", Key="a/é b")
    assert answer["Body"].read() == b"x"
    assert answer["Metadata"] == {"my_key": "v"}
    assert json.loads(s3.get_bucket_policy(Bucket="tls-only")["Policy"]) == json.loads(policy), "it is kept"


def test_a_deny_without_a_condition_still_denies(sandbox: SandboxHandle) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="closed")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": ["arn:aws:s3:::closed/*"],
    }
    s3.put_bucket_policy(
        Bucket="closed", Policy=json.dumps({"Version": "2012-10-17", "Statement": statement})
    )
    with pytest.raises(ClientError, match=r"Forbidden|AccessDenied|403"):
        s3.put_object(Bucket="closed", Key="a", Body=b"x")


def test_a_conditional_put_is_refused_the_second_time(sandbox: SandboxHandle) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="ledger")
    s3.put_object(Bucket="ledger", Key="1", Body=b"x", IfNoneMatch="*")
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket="ledger", Key="1", Body=b"y", IfNoneMatch="*")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412


def test_a_large_object_goes_up_in_parts(sandbox: SandboxHandle) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="large")
    upload = s3.create_multipart_upload(Bucket="large", Key="x")["UploadId"]
    part = {"Bucket": "large", "Key": "x", "UploadId": upload}
    tags = [s3.upload_part(**part, PartNumber=n, Body=b"x" * (5 << 20))["ETag"] for n in (1, 2)]
    parts = [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)]
    s3.complete_multipart_upload(**part, MultipartUpload={"Parts": parts})
    assert s3.head_object(Bucket="large", Key="x")["ContentLength"] == 10 << 20


def test_a_scalable_target_has_tags(sandbox: SandboxHandle) -> None:
    scaling = sandbox.client("application-autoscaling")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/e/variant/live",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    arn = scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2, Tags={"a": "1"})[
        "ScalableTargetARN"
    ]
    scaling.tag_resource(ResourceARN=arn, Tags={"b": "2"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "2"}


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


def test_an_unknown_fault_is_refused_with_what_there_is(sandbox: SandboxHandle) -> None:
    with pytest.raises(SandboxError, match="there are: silent_rollback"):
        sandbox.faults("earthquake")
    with pytest.raises(SandboxError, match="no GET /_sandbox/nothing"):
        sandbox.ask("GET", "nothing")


def test_an_action_that_is_not_covered_says_so(sandbox: SandboxHandle) -> None:
    with pytest.raises(ClientError) as error:
        sandbox.client("sagemaker", config=ONCE).list_workforces()
    assert error.value.response["Error"]["Code"] == "NotImplemented"
    assert "ListWorkforces" in error.value.response["Error"]["Message"]
    assert "Traceback" not in error.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example:80"}, {"Origin": "https://evil.example"}, {"Host": "127.0.0.1.evil.example"}],
)
def test_a_web_page_is_not_answered(sandbox: SandboxHandle, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.record["port"])
    for path in ("/_sandbox/", "/v2/", "/"):
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        assert response.status == 403


def test_a_half_sent_object_is_not_stored(sandbox: SandboxHandle) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="halves")
    url = s3.generate_presigned_url("put_object", {"Bucket": "halves", "Key": "x"})
    path = url.partition(sandbox.endpoint_url)[2]
    with socket.create_connection(("127.0.0.1", sandbox.record["port"])) as connection:
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head.encode() + b"only this")
    assert s3.list_objects_v2(Bucket="halves")["KeyCount"] == 0


def test_the_runtime_actions_that_are_not_covered_say_so(sandbox: SandboxHandle) -> None:
    runtime = sandbox.client("sagemaker-runtime", config=ONCE)
    with pytest.raises(ClientError) as error:
        runtime.invoke_endpoint_async(EndpointName="x", InputLocation="s3://a/b")
    assert error.value.response["Error"]["Code"] == "NotImplemented"
