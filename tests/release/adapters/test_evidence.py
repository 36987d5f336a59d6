"""Evidence from logs that come late, in pages, in any order and not at all; and what is kept of it."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ReadTimeoutError

from release.adapters.evidence import OVERLAP_MILLISECONDS, PATTERN, EvidenceStore
from release.domain.orders import Order
from release.ports import Unreadable
from tests.release.adapters.logs import FakeLogs, FakeMetrics
from tests.release.adapters.s3 import FakeS3, refusal

START = 1_700_000_000.0
SINCE = datetime.fromtimestamp(START, UTC)
GROUP = "/aws/sagemaker/Endpoints/delays-prod"
ORDER = Order(wish="hold", by="ada on ci-1", at=SINCE, reason="looking")


@pytest.fixture
def logs():
    return FakeLogs(GROUP)


@pytest.fixture
def s3():
    return FakeS3()


@pytest.fixture
def metrics():
    return FakeMetrics()


@pytest.fixture
def store(logs, s3, metrics):
    clients = {"logs": logs, "s3": s3, "cloudwatch": metrics}
    return EvidenceStore(cast(Any, SimpleNamespace(client=clients.__getitem__)), "bucket")


@pytest.fixture
def follower(store):
    return store.follow("delays-prod", SINCE, ())


def names(lines):
    return [json.loads(line)["eventId"] for line in lines]


class TestFollowing:
    def test_events_are_lines_with_what_is_judged_by(self, logs, follower):
        logs.put("a", START + 1, "candidate/i-2", '{"schema": "slipway-window/1"}')
        (line,) = follower.more()
        assert json.loads(line) == {
            "eventId": "a",
            "logStreamName": "candidate/i-2",
            "timestamp": 1000 * (int(START) + 1),
            "message": '{"schema": "slipway-window/1"}',
        }
        assert logs.asked[0]["filterPattern"] == PATTERN

    def test_each_comes_once_in_the_order_of_time_whatever_the_pages(self, logs, follower):
        for number in (5, 2, 9, 1, 7, 3, 8, 4, 6):
            logs.put(f"e{number}", START + number)
        assert names(follower.more()) == [f"e{number}" for number in range(1, 10)]
        assert logs.calls["filter"] == 3
        logs.put("e0", START + 0.5)
        logs.put("f", START + 10)
        assert names(follower.more()) == ["e0", "f"]
        assert names(follower.more()) == []

    def test_two_at_one_time_have_an_order_too(self, logs, follower):
        for name in ("b", "c", "a"):
            logs.put(name, START + 1)
        assert names(follower.more()) == ["a", "b", "c"]

    def test_what_was_before_is_not_asked_for(self, logs, follower):
        logs.put("old", START - 0.5)
        logs.put("new", START)
        assert names(follower.more()) == ["new"]

    @pytest.mark.parametrize(("late", "seen"), [(0, True), (29.9, True), (30.1, False)])
    def test_an_event_may_be_half_a_minute_late(self, logs, follower, late, seen):
        logs.put("on time", START + 100)
        follower.more()
        logs.put("late", START + 100 - late)
        assert names(follower.more()) == (["late"] if seen else [])

    def test_ids_that_were_seen_are_passed_over_now_and_for_as_long_as_they_are_asked_for(self, logs, store):
        """Another process goes on: what it is told that the first one had must not come again."""
        for number in range(10):
            logs.put(f"e{number}", START + number)
        follower = store.follow("delays-prod", SINCE, {f"e{number}" for number in range(9)})
        assert names(follower.more()) == ["e9"]
        logs.put("next", START + 35)
        assert names(follower.more()) == ["next"]
        logs.put("after", START + 36)
        assert names(follower.more()) == ["after"]

    def test_a_group_that_is_not_there_yet_has_nothing(self, logs, follower):
        logs.there = False
        assert follower.more() == []
        logs.there = True
        logs.put("first", START + 1)
        assert names(follower.more()) == ["first"]

    @pytest.mark.parametrize(
        ("fault", "why"),
        [
            (refusal("ThrottlingException", 400), "ThrottlingException"),
            (refusal("AccessDeniedException", 400), "AccessDeniedException"),
            (ReadTimeoutError(endpoint_url="https://logs"), "https://logs"),
        ],
    )
    def test_what_cannot_be_read_now_is_said_and_read_later(self, logs, follower, fault, why):
        logs.put("a", START + 1)
        logs.faults = [fault]
        with pytest.raises(Unreadable, match=why):
            follower.more()
        assert names(follower.more()) == ["a"]

    def test_a_fault_between_two_pages_loses_nothing(self, logs, follower):
        for number in range(5):
            logs.put(f"e{number}", START + number)
        logs.faults = cast(Any, [None, refusal("ThrottlingException", 400)])
        with pytest.raises(Unreadable):
            follower.more()
        assert names(follower.more()) == [f"e{number}" for number in range(5)]

    def test_neither_memory_nor_the_time_asked_for_grows_with_the_rollout(self, logs, follower):
        logs.page = 1000
        for second in range(600):
            logs.put(f"e{second}", START + second)
            assert names(follower.more()) == [f"e{second}"]
            logs.events = logs.events[-40:]
        assert len(follower._seen) <= OVERLAP_MILLISECONDS / 1000 + 1
        assert logs.asked[-1]["startTime"] == 1000 * (START + 598) - OVERLAP_MILLISECONDS

    def test_a_quiet_endpoint_is_still_followed_from_where_it_was(self, logs, follower):
        for _ in range(3):
            assert follower.more() == []
        assert {request["startTime"] for request in logs.asked} == {1000 * START}


class TestKeeping:
    def test_what_was_kept_comes_back_in_its_order(self, store):
        store.keep("r1", "windows", 0, ["a", "b"])
        store.keep("r1", "windows", 2, ["c"])
        store.keep("r1", "windows", 10, ["d"])
        store.keep("r1", "alone", 0, ["x"])
        store.keep("r2", "windows", 0, ["y"])
        assert list(store.kept("r1", "windows")) == ["a", "b", "c", "d"]
        assert list(store.kept("r3", "windows")) == []

    def test_the_same_number_again_replaces(self, store):
        store.keep("r1", "windows", 0, ["a"])
        store.keep("r1", "windows", 0, ["a", "b"])
        assert list(store.kept("r1", "windows")) == ["a", "b"]

    def test_it_lies_beside_the_ledger_a_line_each(self, store, s3):
        store.keep("r1", "windows", 7, ["a", "b"])
        assert s3.objects == {"rollouts/r1/windows/00000007.jsonl": b"a\nb\n"}

    def test_more_objects_than_a_page_holds(self, store):
        for number in range(1001):
            store.keep("r1", "windows", number, [str(number)])
        assert list(store.kept("r1", "windows")) == [str(number) for number in range(1001)]

    def test_what_cannot_be_kept_is_said(self, store, s3):
        def refuse(key, body):
            raise refusal("SlowDown", 503)

        s3.before_put = [refuse]
        with pytest.raises(Unreadable, match="SlowDown"):
            store.keep("r1", "windows", 0, ["a"])


class TestOrders:
    def test_there_is_none_until_somebody_gives_one(self, store):
        assert store.order("r1") is None

    def test_the_last_one_counts(self, store):
        store.give("r1", ORDER)
        store.give("r1", ORDER.model_copy(update={"wish": "abort", "at": SINCE + timedelta(1)}))
        found = store.order("r1")
        assert (found.wish, found.by, found.reason) == ("abort", "ada on ci-1", "looking")
        assert store.order("r2") is None
        assert str(found) == "ada on ci-1 said abort: looking"

    @pytest.mark.parametrize("body", [b"", b"{", b'{"wish": "dance"}', b"\xff"])
    def test_what_is_no_order_is_not_taken_for_none(self, store, s3, body):
        s3.objects["rollouts/r1/order.json"] = body
        with pytest.raises(Unreadable, match=r"rollouts/r1/order\.json is no order"):
            store.order("r1")

    def test_one_that_cannot_be_read_is_said(self, store, s3, monkeypatch):
        def refuse(**request):
            raise refusal("SlowDown", 503)

        monkeypatch.setattr(s3, "get_object", refuse)
        with pytest.raises(Unreadable, match="SlowDown"):
            store.order("r1")
