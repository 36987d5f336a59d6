"""What boto3's errors mean for whoever ran a command: a wrong clock is called a wrong clock."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from botocore.exceptions import ClientError, TokenRetrievalError, UnauthorizedSSOTokenError

from release.adapters.aws import explained


def error(code: str, message: str, status: int = 403, ahead: float = 0.0) -> ClientError:
    """An answer of AWS whose clock is `ahead` minutes ahead of this machine's."""
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=ahead), usegmt=True)
    answered = {"HTTPStatusCode": status, "HTTPHeaders": {"date": date}}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": answered}, "X")


SKEWED = {
    "json": ("InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than 2026"),
    "json, the other way": ("InvalidSignatureException", "Signature not yet current: 2026 is still later"),
    "query": ("SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier than 2026"),
    "s3": ("RequestTimeTooSkewed", "The difference between the request time and the current time is too"),
    "ec2": ("RequestExpired", "Request has expired."),
    "sqs": ("RequestInTheFuture", ""),
    "a head, which has no words": ("403", "Forbidden"),
}


@pytest.mark.parametrize(("code", "message"), SKEWED.values(), ids=SKEWED.keys())
@pytest.mark.parametrize(("ahead", "told"), [(61, "61 minutes behind"), (-16, "16 minutes ahead of")])
def test_clocks_that_are_apart_are_called_so(code: str, message: str, ahead: int, told: str) -> None:
    found = explained(error(code, message, ahead=ahead))
    assert found is not None
    assert f"The clock of this machine is {told} AWS's" in found.cause
    assert "Set the clock" in found.next_step
    assert found.exit_code == 4


def test_without_a_date_it_is_still_the_clock() -> None:
    code, message = SKEWED["query"]
    bare = ClientError({"Error": {"Code": code, "Message": message}}, "GetCallerIdentity")
    found = explained(bare)
    assert found is not None
    assert "clock of this machine is minutes off AWS's" in found.cause


@pytest.mark.parametrize(
    ("code", "message", "status", "ahead"),
    [
        ("SignatureDoesNotMatch", "The request signature we calculated does not match", 403, 1),
        ("InvalidSignatureException", "The request signature we calculated does not match", 403, 0),
        ("403", "Forbidden", 403, 3),
        ("ThrottlingException", "Rate exceeded", 400, 61),
    ],
)
def test_other_refusals_are_not(code: str, message: str, status: int, ahead: int) -> None:
    found = explained(error(code, message, status, ahead))
    assert found is not None
    assert "clock" not in found.cause


@pytest.mark.parametrize(
    "found",
    [
        error("ExpiredToken", "The security token included in the request is expired", 400),
        error("ExpiredTokenException", "The security token included in the request is expired", 403),
        UnauthorizedSSOTokenError(),
        TokenRetrievalError(provider="sso", error_msg="Token has expired and refresh failed"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_session_that_is_over_is_called_so(found: Exception) -> None:
    said = explained(found)
    assert said is not None
    assert said.cause.startswith("The AWS credentials have expired")
    assert "run the same command again" in said.next_step
    assert said.exit_code == 4
