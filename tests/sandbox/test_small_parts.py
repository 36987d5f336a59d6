"""Small decisions of the sandbox: names of calls, faults, pages, bucket policies."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.sagemaker.exceptions import ValidationError

from sandbox.aws.paging import listed
from sandbox.aws.s3 import applicable
from sandbox.calls import Calls, identify
from sandbox.core.faults import BadFault, Faults, parse_fault
from sandbox.environment import export_lines

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


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"kind": "nonsense"}, "unknown kind 'nonsense'; there are: silent_rollback"),
        ({"kind": "slow_ping", "secs": 3}, "unknown members"),
        ({"kind": "slow_ping", "seconds": "soon"}, "seconds is a number"),
        ({"kind": "slow_ping", "seconds": "nan"}, "at most a week"),
        ({"kind": "slow_ping", "seconds": -1}, "below 0 for clock_skew alone"),
        ({"kind": "slow_ping"}, "needs seconds"),
        ({"kind": "slow_ping", "seconds": 1, "count": -1}, "at least 1"),
        ({"kind": "slow_ping", "seconds": 1, "count": "many"}, "count is a whole number"),
        ({"kind": "fail_ping", "endpoint": ["a"]}, "are texts"),
        ({"kind": "invoke_errors", "rate": 1.5}, "rate is above 0"),
        ({"kind": "invoke_errors", "status": 200}, "an HTTP error"),
        ({"kind": "crash_after", "requests": 0}, "at least 1"),
        ({"kind": "system_update"}, "needs an endpoint"),
        ({"kind": "fail_aws"}, "needs an action"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(data: dict[str, Any], words: str) -> None:
    with pytest.raises(BadFault, match=words):
        parse_fault(data)


def test_a_fault_happens_as_often_as_it_was_asked_for_and_to_whom() -> None:
    faults = Faults()
    faults.add(parse_fault({"kind": "slow_ping", "endpoint": "a", "count": 2, "seconds": "1.5"}))
    assert faults.for_endpoint("slow_ping", "b") is None
    assert faults.for_endpoint("fail_ping", "a") is None
    taken = [faults.for_endpoint("slow_ping", "a", "live") for _ in range(3)]
    assert [fault.seconds if fault else None for fault in taken] == [1.5, 1.5, None]


def test_a_fault_of_calls_matches_service_and_action() -> None:
    faults = Faults()
    faults.add(parse_fault({"kind": "fail_aws", "service": "ecr", "action": "PutImage"}))
    assert faults.for_call("s3", "PutImage") is None
    assert faults.for_call("ecr", "GetImage") is None
    assert faults.for_call("ecr", "PutImage") is not None
    first = faults.add(parse_fault({"kind": "fail_aws", "action": "A"}))
    assert (faults.remove(first.id), faults.remove(first.id)) == (1, 0)


def test_pages_are_filtered_sorted_and_continued() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    entries = [{"Name": f"m-{n}", "CreationTime": start + timedelta(days=n)} for n in range(5)]
    first = listed("Models", entries, "Name", {"MaxResults": 2})
    assert [entry["Name"] for entry in first["Models"]] == ["m-4", "m-3"], "newest first is the default"
    assert seen_pages(entries, {"MaxResults": 2}) == [["m-4", "m-3"], ["m-2", "m-1"], ["m-0"]]
    by_name = {"SortBy": "Name", "SortOrder": "Ascending", "NameContains": "M-3"}
    assert [entry["Name"] for entry in listed("Models", entries, "Name", by_name)["Models"]] == ["m-3"]
    after = listed("Models", entries, "Name", {"CreationTimeAfter": start + timedelta(days=3)})
    assert [entry["Name"] for entry in after["Models"]] == ["m-4"]
    for token in ("x", "W10=", "4"):
        with pytest.raises(ValidationError, match="Invalid NextToken"):
            listed("Models", entries, "Name", {"NextToken": token})
    with pytest.raises(ValidationError, match="Invalid NextToken"):
        listed("Models", entries, "Name", {"NextToken": first["NextToken"], "SortBy": "Name"})


def test_a_page_goes_on_after_the_last_entry_whatever_came_and_went() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    entries = [{"Name": f"m-{n}", "CreationTime": start + timedelta(days=n)} for n in range(6)]
    first = listed("Models", entries[1:], "Name", {"MaxResults": 2})
    newer = [{"Name": "newer", "CreationTime": start + timedelta(days=9)}]
    without_the_last = [entry for entry in entries if entry["Name"] != "m-4"]
    params = {"MaxResults": 9, "NextToken": first["NextToken"]}
    rest = listed("Models", [*without_the_last, *newer], "Name", params)["Models"]
    assert [entry["Name"] for entry in rest] == ["m-3", "m-2", "m-1", "m-0"]


def seen_pages(entries: list[dict[str, Any]], params: dict[str, Any]) -> list[list[str]]:
    """The names on every page of a list."""
    pages, token = [], None
    while True:
        page = listed("Models", entries, "Name", {**params, "NextToken": token})
        pages.append([entry["Name"] for entry in page["Models"]])
        token = page.get("NextToken")
        if token is None:
            return pages


def test_a_lasting_fault_goes_on_until_it_is_removed() -> None:
    faults = Faults()
    faults.add(parse_fault({"kind": "invoke_errors", "endpoint": "a", "config": "new"}))
    taken = [faults.for_endpoint("invoke_errors", "a", "live", "new") for _ in range(5)]
    assert all(taken)
    assert faults.for_endpoint("invoke_errors", "a", "live", "old") is None
    faults.remove()
    assert faults.for_endpoint("invoke_errors", "a", "live", "new") is None


def test_a_rate_is_a_share_of_calls() -> None:
    faults = Faults()
    faults.add(parse_fault({"kind": "fail_aws", "service": "s3", "rate": 0.3, "count": 0}))
    hit = sum(faults.for_call("s3", "GetObject") is not None for _ in range(2000))
    assert 500 < hit < 700


def test_a_crash_is_due_at_every_nth_request() -> None:
    faults = Faults()
    faults.add(parse_fault({"kind": "crash_after", "endpoint": "a", "requests": 3, "count": 2}))
    assert not faults.crash_due("b", "live", "c")
    due = [faults.crash_due("a", "live", "c") for _ in range(9)]
    assert due == [False, False, True, False, False, True, False, False, False]


def test_a_deny_of_plain_http_does_not_apply_on_the_loopback() -> None:
    tls = {"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    deny = {"Effect": "Deny", "Action": "s3:DeleteObject"}
    assert applicable({"Statement": [tls, deny]})["Statement"] == [deny]
    assert applicable({"Statement": tls})["Statement"] == []


def test_exported_values_are_safe_for_a_shell() -> None:
    lines = export_lines({"A": "it's $HOME", "PATH": "/x"})
    assert lines[0] == """export A='it'"'"'s $HOME'"""
    assert lines[-1].endswith(':"$PATH"')
