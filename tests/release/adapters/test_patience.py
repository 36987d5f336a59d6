"""Passing faults are waited out, for as long as is worth it; everything else is told at once."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from release.adapters.patience import LONGEST_PAUSE, LOST_SECONDS, THROTTLING, Patience

LOST = ConnectionClosedError(endpoint_url="http://aws")
NOBODY = EndpointConnectionError(endpoint_url="http://aws")


def refused(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeEndpoint")


class Aws:
    """Answers with `faults`, one after the other, then well. `seconds` pass only by sleeping."""

    def __init__(self, *faults, patience=900.0):
        self.faults, self.seconds, self.pauses = list(faults), 0.0, []
        self.call = Patience(patience, lambda: self.seconds, self.sleep).of(self._call)

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.seconds += seconds

    def _call(self, operation, arguments):
        if self.faults:
            raise self.faults.pop(0)
        return operation, arguments


@pytest.mark.parametrize("code", sorted(THROTTLING))
def test_throttling_is_waited_out_in_growing_pauses(code):
    aws = Aws(*[refused(code)] * 8)
    assert aws.call("DescribeEndpoint", {"EndpointName": "x"}) == ("DescribeEndpoint", {"EndpointName": "x"})
    assert aws.pauses == [1, 2, 4, 8, *[LONGEST_PAUSE] * 4]


@pytest.mark.parametrize("code", ["ValidationException", "AccessDenied", "NoSuchKey", "PreconditionFailed"])
def test_an_answer_is_an_answer(code):
    aws = Aws(refused(code))
    with pytest.raises(ClientError, match=code):
        aws.call("UpdateEndpoint", {})
    assert aws.pauses == []


def test_an_outage_ends_it_with_its_own_words():
    aws = Aws(*[refused("SlowDown")] * 1000, patience=60.0)
    with pytest.raises(ClientError, match="SlowDown"):
        aws.call("PutObject", {})
    assert 60 - LONGEST_PAUSE <= aws.seconds <= 60


def test_a_connection_is_waited_for_once_there_was_one():
    aws = Aws(NOBODY)
    with pytest.raises(EndpointConnectionError):
        aws.call("GetCallerIdentity", {})
    aws.faults = []
    aws.call("GetCallerIdentity", {})
    aws.faults = [LOST, NOBODY]
    assert aws.call("DescribeEndpoint", {})
    aws.faults = [NOBODY] * 100
    with pytest.raises(EndpointConnectionError):
        aws.call("DescribeEndpoint", {})
    assert aws.seconds <= 2 * LOST_SECONDS


def test_no_patience_is_none():
    aws = Aws(refused("ThrottlingException"), patience=0.0)
    with pytest.raises(ClientError):
        aws.call("DescribeEndpoint", {})
