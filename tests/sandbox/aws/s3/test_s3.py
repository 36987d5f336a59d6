"""What the sandbox adds to moto's S3: policies on the loopback, notifications, copies, uploads."""

import json
import socket
import urllib.request

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.s3.api import applicable
from sandbox.testing import SandboxHandle
from tests.sandbox.world import World


def test_a_deny_of_plain_http_does_not_apply_on_the_loopback() -> None:
    tls = {"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    deny = {"Effect": "Deny", "Action": "s3:DeleteObject"}
    assert applicable({"Statement": [tls, deny]})["Statement"] == [deny]
    assert applicable({"Statement": tls})["Statement"] == []


@pytest.mark.sandbox
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


@pytest.mark.sandbox
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


@pytest.mark.sandbox
def test_a_conditional_put_is_refused_the_second_time(sandbox: SandboxHandle) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="ledger")
    s3.put_object(Bucket="ledger", Key="1", Body=b"x", IfNoneMatch="*")
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket="ledger", Key="1", Body=b"y", IfNoneMatch="*")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412


@pytest.mark.sandbox
def test_a_large_object_goes_up_in_parts(sandbox: SandboxHandle) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="large")
    upload = s3.create_multipart_upload(Bucket="large", Key="x")["UploadId"]
    part = {"Bucket": "large", "Key": "x", "UploadId": upload}
    tags = [s3.upload_part(**part, PartNumber=n, Body=b"x" * (5 << 20))["ETag"] for n in (1, 2)]
    parts = [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)]
    s3.complete_multipart_upload(**part, MultipartUpload={"Parts": parts})
    assert s3.head_object(Bucket="large", Key="x")["ContentLength"] == 10 << 20


@pytest.mark.sandbox
def test_a_half_sent_object_is_not_stored(sandbox: SandboxHandle) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="halves")
    url = s3.generate_presigned_url("put_object", {"Bucket": "halves", "Key": "x"})
    path = url.partition(sandbox.endpoint_url)[2]
    with socket.create_connection(("127.0.0.1", sandbox.record["port"])) as connection:
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head.encode() + b"only this")
    assert s3.list_objects_v2(Bucket="halves")["KeyCount"] == 0


@pytest.mark.sandbox
def test_notifications_to_eventbridge_are_described(world: World) -> None:
    """With nothing else set, and beside a queue."""
    bucket = world.name("notifies")
    world.s3.create_bucket(Bucket=bucket)
    world.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    answer = world.s3.get_bucket_notification_configuration(Bucket=bucket)
    assert answer["EventBridgeConfiguration"] == {}
    assert "QueueConfigurations" not in answer


@pytest.mark.sandbox
def test_a_plus_in_a_copy_source_is_a_space(sandbox: SandboxHandle, world: World) -> None:
    """Some clients encode spaces so; a plus of the name itself comes as %2B."""
    bucket = world.name("copies")
    world.s3.create_bucket(Bucket=bucket)
    world.s3.put_object(Bucket=bucket, Key="a b+c", Body=b"copied")
    signed = (
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=x, Signature=x"
    )
    headers = {"Authorization": signed, "x-amz-copy-source": f"{bucket}/a+b%2Bc"}
    url = f"{sandbox.endpoint_url}/{bucket}/copy"
    copy = urllib.request.Request(url, headers=headers, method="PUT")  # noqa: S310  # the sandbox's own
    urllib.request.urlopen(copy, timeout=10).close()  # noqa: S310
    assert world.s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"copied"
