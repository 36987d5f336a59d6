"""Which action a request is, and how often each was called."""

from typing import Any

import pytest

from sandbox.aws.shared.actions import identify
from sandbox.aws.shared.calls import Calls

SIGNED = "AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/{}/aws4_request, SignedHeaders=host"


def request(service: str, method: str = "POST", path: str = "/", query: str = "", **headers: str) -> dict:
    named = {"authorization": SIGNED.format(service), **{k.replace("_", "-"): v for k, v in headers.items()}}
    return {
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in named.items()],
    }


FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.mark.parametrize(
    ("scope", "body", "expected"),
    [
        (request("sagemaker", x_amz_target="SageMaker.UpdateEndpoint"), b"", ("sagemaker", "UpdateEndpoint")),
        (request("iam", content_type=FORM), b"Action=CreateRole&Version=1", ("iam", "CreateRole")),
        (
            request("monitoring", path="/service/X/operation/PutMetricData"),
            b"",
            ("cloudwatch", "PutMetricData"),
        ),
        (request("s3", "GET", "/"), b"", ("s3", "ListBuckets")),
        (request("s3", "PUT", "/bucket"), b"", ("s3", "CreateBucket")),
        (request("s3", "GET", "/bucket", "list-type=2&prefix=a"), b"", ("s3", "ListObjectsV2")),
        (request("s3", "PUT", "/bucket", "policy"), b"", ("s3", "PutBucketPolicy")),
        (request("s3", "PUT", "/bucket/a/b"), b"", ("s3", "PutObject")),
        (request("s3", "HEAD", "/bucket/a/b"), b"", ("s3", "HeadObject")),
        (request("s3", "PUT", "/bucket/a", x_amz_copy_source="x"), b"", ("s3", "CopyObject")),
        (request("s3", "PUT", "/bucket/a", "uploadId=1&partNumber=2"), b"", ("s3", "UploadPart")),
        (request("s3", "POST", "/bucket/a", "uploads"), b"", ("s3", "CreateMultipartUpload")),
        (request("s3", "POST", "/bucket/a", "uploadId=1"), b"", ("s3", "CompleteMultipartUpload")),
    ],
)
def test_a_call_is_known_by_its_service_and_action(
    scope: dict[str, Any], body: bytes, expected: tuple[str, str]
) -> None:
    assert identify(scope, body) == expected


def test_an_unsigned_request_has_no_service() -> None:
    assert identify({**request("x"), "headers": []}, b"") == ("", "")


def test_calls_are_counted_until_reset() -> None:
    calls = Calls()
    for action in ("UpdateEndpoint", "UpdateEndpoint", "DescribeEndpoint"):
        calls.add("sagemaker", action)
    assert calls.by_service() == {"sagemaker": {"DescribeEndpoint": 1, "UpdateEndpoint": 2}}
    calls.reset()
    assert calls.by_service() == {}
