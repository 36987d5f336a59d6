"""CloudWatch in CBOR, as the SDKs speak it that prefer it; requests and answers by botocore's own codec."""

import http.client
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from botocore.session import get_session

from sandbox.aws.dispatch.cbor import read, write
from sandbox.testing import SandboxHandle

ALARM = {
    "AlarmName": "in-cbor",
    "Namespace": "delays",
    "MetricName": "errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.5,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.mark.parametrize(
    "value",
    [
        0,
        23,
        24,
        255,
        256,
        70_000,
        1 << 40,
        -1,
        -500,
        1.5,
        True,
        None,
        "",
        "ü" * 30,
        [1, [2]],
        {"a": {"b": []}},
    ],
)
def test_what_is_written_is_read(value: Any) -> None:
    """Numbers of all sizes, texts, lists and maps."""
    assert read(b"".join(write(value))) == value


def _call(sandbox: SandboxHandle, action: str, members: dict[str, Any]) -> dict[str, Any]:
    """One call in CBOR; the parsed answer."""
    model = get_session().get_service_model("cloudwatch")
    operation = model.operation_model(action)
    request = create_serializer("smithy-rpc-v2-cbor").serialize_to_request(members, operation)
    scope = "Credential=test/20260101/us-east-1/monitoring/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x"}
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.record["port"], timeout=30)
    try:
        headers = {**request["headers"], **signed}
        connection.request("POST", request["url_path"], request["body"], headers)
        answer = connection.getresponse()
        raw = {"body": answer.read(), "status_code": answer.status, "headers": dict(answer.getheaders())}
    finally:
        connection.close()
    assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
    return create_parser("smithy-rpc-v2-cbor").parse(raw, operation.output_shape)


@pytest.mark.sandbox
def test_an_alarm_in_cbor(sandbox: SandboxHandle) -> None:
    """Fractions stay fractions, and times are times."""
    _call(sandbox, "PutMetricAlarm", ALARM)
    [alarm] = _call(sandbox, "DescribeAlarms", {"AlarmNames": ["in-cbor"]})["MetricAlarms"]
    assert (alarm["Threshold"], alarm["Period"]) == (1.5, 60)
    assert abs(alarm["StateUpdatedTimestamp"] - datetime.now(UTC)).total_seconds() < 60


@pytest.mark.sandbox
def test_data_with_times_in_cbor(sandbox: SandboxHandle) -> None:
    """A datum that is put is found between two times."""
    datum = {"MetricName": "requests", "Value": 3.0, "Timestamp": datetime.now(UTC)}
    _call(sandbox, "PutMetricData", {"Namespace": "in-cbor", "MetricData": [datum]})
    assert _call(sandbox, "ListMetrics", {"Namespace": "in-cbor"})["Metrics"][0]["MetricName"] == "requests"


@pytest.mark.sandbox
def test_an_error_in_cbor(sandbox: SandboxHandle) -> None:
    """A member that is missing, and an action that is not covered."""
    refused = _call(sandbox, "PutMetricAlarm", {"AlarmName": "no-rule"})
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert refused["Error"]["Code"]
    uncovered = _call(sandbox, "ListMetricStreams", {})
    assert uncovered["Error"]["Code"] == "NotImplemented"
    assert "ListMetricStreams" in uncovered["Error"]["Message"]
