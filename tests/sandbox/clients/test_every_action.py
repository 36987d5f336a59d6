"""Every action of every covered service is called with little, with nothing and with nonsense.

Whatever is asked, the answer is one that the service's own client understands: a result, or an error with a
code of AWS in the caller's protocol; never a page, a traceback, or silence.
"""

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.testing import SandboxHandle, start
from tests.sandbox.clients.requests_of_all_kinds import least, spoiled

pytestmark = pytest.mark.sandbox

SERVICES = (
    *("application-autoscaling", "cloudwatch", "ecr", "iam", "kms", "logs", "s3", "sagemaker"),
    *("sagemaker-runtime", "sns", "sqs", "sts"),
)
NO_CODE = ("HeadBucket", "HeadObject")
"""Answers to HEAD have no body, so botocore makes a code of the status."""

ELSEWHERE = ("GetLogObject", "StartLiveTail", "WriteGetObjectResponse")
"""Actions that clients send to another host name than that of the endpoint."""

STREAMS = ("InvokeEndpointWithBidirectionalStream",)
"""Actions over HTTP/2, which boto3 does not speak."""

Request = Callable[[Any], Any]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    """A sandbox of its own: whoever calls every action leaves nothing as it was."""
    with start(tmp_path_factory.mktemp("swept") / "home", time_scale=120) as handle:
        yield handle


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["least", "nothing", "spoiled"])
def test_every_action_answers_in_the_services_words(swept: SandboxHandle, service: str, kind: str) -> None:
    """The least that an action takes; nothing at all; members that break all their constraints."""
    make: dict[str, Request] = {"least": least, "nothing": lambda shape: {}, "spoiled": spoiled}
    odd = [answer for answer in _answers(swept, service, make[kind]) if not _is_proper(*answer)]
    assert odd == []


def _answers(swept: SandboxHandle, service: str, make: Request) -> Iterator[tuple[str, int, str, str, str]]:
    """Action, status, content type, code and message of every error that came back."""
    client = swept.client(
        service,
        config=Config(
            parameter_validation=False, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}
        ),
    )
    model = client.meta.service_model
    for action in model.operation_names:
        shape = model.operation_model(action).input_shape
        if action in ELSEWHERE + STREAMS:
            continue
        try:
            client._make_api_call(action, make(shape) if shape is not None else {})
        except ClientError as error:
            about, said = error.response["ResponseMetadata"], error.response["Error"]
            kind = about["HTTPHeaders"].get("content-type", "")
            yield action, about["HTTPStatusCode"], kind, said.get("Code", ""), said.get("Message", "")
        except Exception as error:
            if not _never_sent(error):
                yield action, 0, "", type(error).__name__, str(error)


def _never_sent(error: Exception) -> bool:
    """Whether botocore itself could not make a request of the parameters."""
    return type(error).__name__ in (
        *("ParamValidationError", "KeyError", "AttributeError", "TypeError", "ValueError", "UnicodeError"),
        *("InvalidHostLabelError", "EndpointProviderError", "UnsupportedS3ConfigurationError"),
    )


def _is_proper(action: str, status: int, kind: str, code: str, message: str) -> bool:
    if "Traceback" in message or "html" in kind or status in (0, 500):
        return False
    if status == 501:
        return code == "NotImplemented" and action in message and "Add it in" in message
    return action in NO_CODE or (code != "" and not code.isdigit())


def test_an_action_that_is_not_covered_says_where_it_would_go(swept: SandboxHandle) -> None:
    """In JSON, in XML and in S3's XML; a whole service that is not there too."""
    caching = "DescribePullThroughCacheRules"
    for service, call, what, where in (
        ("ecr", lambda c: c.describe_pull_through_cache_rules(), caching, "ecr/api.py"),
        ("sns", lambda c: c.list_origination_numbers(), "ListOriginationNumbers", "sns/api.py"),
        ("s3", lambda c: c.get_bucket_abac(Bucket="any"), "GetBucketAbac", "s3/api.py"),
        ("translate", lambda c: c.list_languages(), "translate ListLanguages", "translate/api.py"),
    ):
        with pytest.raises(ClientError) as refused:
            call(swept.client(service, config=Config(retries={"total_max_attempts": 1})))
        error = refused.value.response
        assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (
            "NotImplemented",
            501,
        )
        assert what in error["Error"]["Message"]
        assert f"sandbox/aws/{where}" in error["Error"]["Message"]
        assert "moto knows" not in error["Error"]["Message"]


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("service", "headers", "body", "status", "code"),
    [
        ("sagemaker", {"X-Amz-Target": "SageMaker.Nope"}, "{}", 400, "UnknownOperationException"),
        ("sagemaker", {"X-Amz-Target": "SageMaker.CreateModel"}, "{", 400, "SerializationException"),
        ("sagemaker", {"X-Amz-Target": "SageMaker.CreateModel"}, "[1]", 400, "SerializationException"),
        (
            "ecr",
            {"X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.X"},
            "{}",
            400,
            "UnknownOperationException",
        ),
        ("kms", {}, "{}", 400, "UnknownOperationException"),
        ("iam", {"Content-Type": FORM}, "Action=Nope&Version=2010-05-08", 400, "InvalidAction"),
        ("iam", {"Content-Type": FORM}, "Version=2010-05-08", 400, "MissingAction"),
        ("sts", {"Content-Type": FORM}, "\xff\xfe%%%", 400, "MissingAction"),
        ("iam", {"Content-Type": FORM}, "Action=CreateRole&Version=2010-05-08", 400, "ValidationError"),
    ],
)
def test_a_request_that_is_none(
    swept: SandboxHandle, service: str, headers: dict[str, str], body: str, status: int, code: str
) -> None:
    """Unknown actions and bodies that cannot be read, by hand, as no client would send them."""
    got, kind, answer = _raw(swept, "POST", "/", service, headers, body.encode("latin-1"))
    assert got == status
    assert code in answer
    if headers.get("Content-Type") == FORM:
        assert kind.startswith("text/xml")
        assert ElementTree.fromstring(answer).find("Error/Code") is not None  # noqa: S314  # our own answer
    else:
        assert json.loads(answer)["__type"] == code


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("PUT", "/Bad_Name", "", 400, "InvalidBucketName"),
        ("PUT", "/192.168.1.1", "", 400, "InvalidBucketName"),
        ("GET", "/not-there", "", 404, "NoSuchBucket"),
        ("GET", "/spoiled/not-there", "", 404, "NoSuchKey"),
        ("PUT", "/spoiled?lifecycle", "<not", 400, "MalformedXML"),
        ("PUT", "/spoiled?versioning", "<Other/>", 400, "MalformedXML"),
        ("PUT", "/spoiled?versioning", "", 400, "MissingRequestBodyError"),
        ("PUT", "/spoiled?publicAccessBlock", "<PublicAccessBlockConfiguration", 400, "MalformedXML"),
        ("PUT", "/spoiled?policy", "{", 400, "MalformedPolicy"),
        ("PUT", "/spoiled?policy", '{"Version": "2012-10-17"}', 400, "MalformedPolicy"),
        ("POST", "/spoiled?delete", "<Delete/>", 400, "MalformedXML"),
        ("POST", "/spoiled/key?uploadId=none", "<CompleteMultipartUpload/>", 400, "MalformedXML"),
        ("GET", "/spoiled/key?uploadId=none", "", 404, "NoSuchUpload"),
        ("PUT", "/spoiled/key?uploadId=none&partNumber=1", "x", 404, "NoSuchUpload"),
        ("GET", "/spoiled?list-type=2&max-keys=many", "", 400, "InvalidArgument"),
        ("PATCH", "/spoiled/key", "", 405, "MethodNotAllowed"),
    ],
)
def test_what_s3_refuses(
    swept: SandboxHandle, method: str, path: str, body: str, status: int, code: str
) -> None:
    """Names, documents, numbers and methods, each with S3's code in S3's XML."""
    swept.client("s3").create_bucket(Bucket="spoiled")
    got, kind, answer = _raw(swept, method, path, "s3", {}, body.encode())
    assert (got, kind) == (status, "application/xml")
    error = ElementTree.fromstring(answer)  # noqa: S314  # our own answer
    assert (error.tag, error.findtext("Code")) == ("Error", code)


def _raw(
    swept: SandboxHandle, method: str, path: str, service: str, headers: dict[str, str], body: bytes
) -> tuple[int, str, str]:
    """Status, content type and body of the answer to a request that is signed for `service`."""
    scope = f"Credential=test/20260101/us-east-1/{service}/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x", **headers}
    connection = http.client.HTTPConnection("127.0.0.1", swept.record["port"], timeout=30)
    try:
        connection.request(method, path, body, signed)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Content-Type", ""), answer.read().decode()
    finally:
        connection.close()
