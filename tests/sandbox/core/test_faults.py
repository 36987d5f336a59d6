"""Faults as values: which are refused, whom they are meant for, how often they happen."""

from typing import Any

import pytest

from sandbox.core.faults import BadFault, Faults, parse_fault


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
