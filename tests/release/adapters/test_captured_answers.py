"""Captured files become windows of scores: each file once, each minute once, and what comes late by name."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from release.adapters import captured_answers
from release.adapters.captured_answers import EVERY, CapturedAnswers
from release.adapters.evidence import MinuteFollower
from release.adapters.invocation_metrics import EVERY_SECONDS, InvocationMetrics
from release.domain.captures import Aside, Captures, Counted, Reading
from release.domain.golden import Golden
from release.domain.policy import SETTLED_SECONDS
from release.judge.cells import SPANS
from release.judge.windows import Window, parse_line
from tests.release.adapters.logs import FakeMetrics
from tests.release.adapters.s3 import FakeS3, refusal
from tests.release.test_captures import PART
from tests.release.test_captures import line as captured_line

SINCE = datetime(2026, 1, 1, 12, 50, 20, tzinfo=UTC)
MINUTE = datetime(2026, 1, 1, 12, 51, tzinfo=UTC)
GRACE = timedelta(seconds=150)
COMPLETE = MINUTE + timedelta(minutes=1) + GRACE
INTO = MINUTE + timedelta(minutes=2)
"""The minute whose metrics are told at that time."""
GOLDEN = Golden(tolerance=0.001, requests=(PART,))
READING = Reading.of(GOLDEN, Counted.of(GOLDEN))
CAPTURES = Captures(
    "s3://kept/some/answers", {"live": READING, "candidate": READING}, (0.0, 1.0), GRACE.total_seconds()
)


def answer(score: Any, at: datetime) -> bytes:
    """One captured answer."""
    metadata = {"eventId": f"{score} {at}", "inferenceTime": at.isoformat()}
    return captured_line(json.dumps({"churns": [score]}), eventMetadata=metadata)


class Bucket(FakeS3):
    """The bucket of captures: what is asked for is noted, and can be refused."""

    def __init__(self) -> None:
        super().__init__("kept")
        self.time = MINUTE
        self.clock = lambda: self.time
        self.listed: list[dict[str, Any]] = []
        self.gotten: Counter[str] = Counter()
        self.faults: list[Exception | None] = []

    def capture(self, variant: str, *lines: bytes, at: datetime = MINUTE, name: str = "") -> str:
        """A file of one variant, written now."""
        file = name or f"{at:%M-%S}-000-{len(self.objects)}"
        key = f"some/answers/delays-prod/{variant}/{at:%Y/%m/%d/%H}/{file}.jsonl"
        self.write(key, b"\n".join(lines) + b"\n")
        return key

    def paginate(self, **request: Any) -> Any:
        """As a page is asked for."""
        self.listed.append(request)
        self._fault()
        return super().paginate(**request)

    def get_object(self, **request: Any) -> dict[str, Any]:
        """As SageMaker wrote it."""
        self._fault()
        self.gotten[request["Key"]] += 1
        return super().get_object(**request)

    def _fault(self) -> None:
        if self.faults and (fault := self.faults.pop(0)):
            raise fault


@pytest.fixture
def s3() -> Bucket:
    return Bucket()


@pytest.fixture
def answers(s3) -> CapturedAnswers:
    return follower(s3)


def follower(s3: Bucket, seen: Any = ()) -> CapturedAnswers:
    return CapturedAnswers(s3, CAPTURES, "delays-prod", SINCE, seen)


def look(answers: CapturedAnswers, now: datetime = COMPLETE, into: datetime = INTO) -> list[dict[str, Any]]:
    """What is told at a moment, all of it read before."""
    answers.read(now)
    return answers.told(now, into)


def window(event: dict[str, Any]) -> Window:
    return parse_line(json.dumps(event))


def scores(found: Window) -> dict[int, float]:
    span = SPANS["score"]
    mine = (found.cells >= span.start) & (found.cells < span.stop)
    return dict(zip((found.cells[mine] - span.start).tolist(), found.counts[mine].tolist(), strict=True))


def invalid(found: Window) -> tuple[float, float]:
    start = SPANS["invalid"].start
    return tuple(found.dense()[start : start + 2])


def both(s3: Bucket, at: datetime = MINUTE, count: int = 3) -> None:
    for variant in ("live", "candidate"):
        s3.capture(variant, *[answer(0.25, at)] * count, at=at)


def test_a_settled_minute_of_both_variants_is_told_once(s3, answers):
    s3.capture("live", answer(0.2525, MINUTE), answer(0.2526, MINUTE), answer(7, MINUTE), answer(-1, MINUTE))
    s3.capture("candidate", answer(0.5, MINUTE), answer(float("nan"), MINUTE))
    assert look(answers, COMPLETE - timedelta(seconds=1)) == []
    candidate, live = map(window, look(answers))
    assert (candidate.variant, live.variant) == ("candidate", "live")
    assert scores(live) == {50: 2, 199: 1, 0: 1}
    assert (scores(candidate), invalid(candidate)) == ({100: 1}, (1, 1))
    assert look(answers, COMPLETE + timedelta(minutes=1), INTO + timedelta(minutes=1)) == []


def test_it_is_dated_into_the_open_block_and_known_by_its_own_minute(s3, answers):
    both(s3)
    for event in look(answers):
        found = window(event)
        assert (found.start, found.end) == (INTO.timestamp(), INTO.timestamp() + 60)
        assert event["timestamp"] == 1000 * (MINUTE.timestamp() + 60)
        assert found.scores_of == (0, 1)


def test_answers_from_before_are_no_evidence(s3, answers):
    s3.capture("live", answer(0.5, SINCE), answer(0.5, MINUTE))
    [live] = look(answers)
    assert invalid(window(live)) == (1, 0)


def test_what_comes_after_its_minute_was_told_is_named_and_counted_in_no_block(s3, answers):
    both(s3)
    look(answers)
    both(s3, MINUTE + timedelta(seconds=1), count=2)
    later = look(answers, COMPLETE + timedelta(minutes=1), INTO + timedelta(minutes=1))
    assert [window(event).set_aside for event in later] == [{Aside.LATE: 2}] * 2
    assert not any(window(event).dense().any() for event in later)
    assert look(answers, COMPLETE + timedelta(minutes=2)) == []


def test_of_a_minute_that_one_side_was_told_of_the_other_side_is_late(s3, answers):
    s3.capture("live", answer(0.5, MINUTE))
    look(answers)
    s3.capture("candidate", answer(0.5, MINUTE))
    [candidate] = look(answers, COMPLETE + timedelta(minutes=1))
    assert window(candidate).set_aside == {Aside.LATE: 1}


def test_what_is_no_answer_is_named_beside_what_is_one(s3, answers):
    s3.capture("live", answer(0.5, MINUTE), b'{"captureData": {', b"", answer(0.5, MINUTE)[:-9])
    s3.capture("live", answer(0.5, datetime(2030, 1, 1, tzinfo=UTC)), captured_line("1", kind="text/html"))
    [live] = map(window, look(answers))
    assert live.set_aside == {Aside.LINE: 2, Aside.FORM: 1, Aside.TYPE: 1}
    assert invalid(live) == (1, 0)
    s3.capture("candidate", b"half", at=MINUTE + timedelta(minutes=1))
    [candidate] = map(window, look(answers, COMPLETE + timedelta(minutes=1)))
    assert (candidate.variant, candidate.set_aside) == ("candidate", {Aside.LINE: 1})


def test_each_file_is_read_once_and_old_ones_are_not_listed_again(s3, answers):
    for second in range(0, 240, 10):
        s3.time = at = MINUTE + timedelta(seconds=second)
        s3.capture("live", answer(0.5, at), at=at)
    look(answers)
    look(answers, COMPLETE + EVERY)
    assert set(s3.gotten.values()) == {1}
    assert len(s3.gotten) == 24
    asked = [one for one in s3.listed if "/live/" in one["Prefix"]]
    assert [one["Prefix"][-14:] for one in asked] == ["/2026/01/01/12/"[1:]] * 2
    later = s3.time + captured_answers.OVERLAP + timedelta(seconds=1)
    look(answers, later)
    look(answers, later + EVERY)
    newest = [one for one in s3.listed if "/live/2026/01/01/12/" in one["Prefix"]][-1]
    assert newest["StartAfter"] == max(s3.gotten)
    assert set(s3.gotten.values()) == {1}


def test_it_goes_on_from_hour_to_hour_and_leaves_those_that_are_over(s3, answers):
    for minute in range(0, 180, 3):
        s3.time = at = MINUTE + timedelta(minutes=minute)
        both(s3, at, 1)
    total = Counter()
    for minute in range(0, 190):
        now = COMPLETE + timedelta(minutes=minute)
        for event in look(answers, now, INTO + timedelta(minutes=minute)):
            total[window(event).variant] += int(window(event).dense().sum())
    assert total == {"live": 2 * 60, "candidate": 2 * 60}
    s3.listed.clear()
    look(answers, COMPLETE + timedelta(minutes=191))
    assert {one["Prefix"][-11:] for one in s3.listed} == {"2026/01/01/15/"[-11:], "2026/01/01/16/"[-11:]}


def test_a_file_whose_name_lies_before_those_read_is_found_when_its_hour_ends(s3, answers):
    """Nobody says that names come in order: nothing is passed over for its name."""
    s3.capture("live", answer(0.5, MINUTE), name="51-00")
    look(answers)
    for minute in range(1, 40):
        look(answers, COMPLETE + timedelta(minutes=minute))
        if minute == 17:
            s3.capture("live", answer(0.5, MINUTE), name="00-00")
    assert set(s3.gotten.values()) == {1}
    assert len(s3.gotten) == 2


def test_while_more_wait_than_one_look_reads_that_is_all_that_is_told(s3, answers, monkeypatch):
    monkeypatch.setattr(captured_answers, "MOST_FILES", 4)
    for _ in range(5):
        both(s3, count=1)
    assert behind(look(answers))
    assert s3.gotten.total() == 4
    assert behind(look(answers, COMPLETE + EVERY))
    candidate, live = map(window, look(answers, COMPLETE + 2 * EVERY))
    assert invalid(candidate) == invalid(live) == (5, 0)
    assert candidate.set_aside == live.set_aside == {}
    assert set(s3.gotten.values()) == {1}


def test_one_refused_look_is_not_told_again_while_more_wait(s3, answers, monkeypatch):
    """S3 answers again: what is wrong now is another thing."""
    monkeypatch.setattr(captured_answers, "MOST_FILES", 1)
    both(s3)
    s3.faults = [refusal("SlowDown", 503)]
    [denied] = map(window, look(answers))
    assert denied.set_aside == {Aside.DENIED: 1}
    assert behind(look(answers, COMPLETE + EVERY))


def test_another_process_takes_being_behind_for_nothing_that_lies_in_a_file(s3, answers, monkeypatch):
    monkeypatch.setattr(captured_answers, "MOST_FILES", 1)
    both(s3)
    seen = [event["eventId"] for event in look(answers)]
    monkeypatch.setattr(captured_answers, "MOST_FILES", 9)
    s3.capture("live", b"half")
    assert [dict(window(event).set_aside) for event in look(follower(s3, seen))] == [{}, {Aside.LINE: 1}]


def behind(events: list[dict[str, Any]]) -> bool:
    """Whether it is told that more files wait, and nothing else."""
    [found] = map(window, events)
    return found.set_aside == {Aside.BEHIND: 1} and not found.dense().any()


def test_a_look_reads_no_more_bytes_than_it_may_but_one_file_always(s3, answers, monkeypatch):
    monkeypatch.setattr(captured_answers, "MOST_BYTES", 10)
    both(s3)
    assert behind(look(answers))
    assert s3.gotten.total() == 1
    assert len(look(answers, COMPLETE + EVERY)) == 2


def test_a_file_that_is_too_large_or_gone_is_named(s3, answers, monkeypatch):
    monkeypatch.setattr(captured_answers, "LARGEST", 600)
    both(s3, count=1)
    s3.capture("live", *[answer(0.5, MINUTE)] * 3)
    candidate, live = map(window, look(answers))
    assert (candidate.set_aside, live.set_aside) == ({}, {Aside.FILE: 1})
    s3.capture("live", answer(0.5, MINUTE + timedelta(minutes=1)))
    s3.faults = [None, None, refusal("NoSuchKey", 404)]
    [live] = map(window, look(answers, COMPLETE + timedelta(minutes=1)))
    assert live.set_aside == {Aside.FILE: 1}


@pytest.mark.parametrize(
    "fault",
    [refusal("AccessDenied", 403), refusal("NoSuchBucket", 404), EndpointConnectionError(endpoint_url="x")],
)
def test_a_bucket_that_cannot_be_read_is_named_and_read_when_it_can(s3, answers, fault):
    both(s3)
    s3.faults = [fault, fault]
    for minute in range(2):
        now = COMPLETE + timedelta(minutes=minute)
        [denied] = map(window, look(answers, now, INTO + timedelta(minutes=minute)))
        assert denied.set_aside == {Aside.DENIED: 1}
        assert not denied.dense().any()
    assert len(look(answers, COMPLETE + timedelta(minutes=2))) == 2


def test_s3_is_not_asked_every_second(s3, answers):
    for second in range(60):
        answers.read(COMPLETE + timedelta(seconds=second))
    assert len(s3.listed) == 2 * 60 / EVERY.total_seconds()


def test_another_process_goes_on_where_the_first_one_ended(s3, answers):
    both(s3)
    s3.capture("live", b"half")
    first = look(answers)
    second, third = MINUTE + timedelta(minutes=1), MINUTE + timedelta(minutes=2)
    both(s3, second, 4)
    s3.capture("live", answer(0.5, MINUTE))
    events = look(answers, COMPLETE + timedelta(minutes=1), INTO + timedelta(minutes=1))
    seen = [event["eventId"] for event in first + events]
    s3.capture("candidate", answer(0.5, second), b"half", at=second)
    both(s3, third, 5)
    again = look(follower(s3, seen), COMPLETE + timedelta(minutes=2), INTO + timedelta(minutes=2))
    found = [(window(one).variant, invalid(window(one)), dict(window(one).set_aside)) for one in again]
    assert found == [
        ("candidate", (0, 0), {Aside.LATE: 1, Aside.LINE: 1}),
        ("candidate", (5, 0), {}),
        ("live", (5, 0), {}),
    ]


class TestFollower:
    """Beside the minutes that SageMaker counts."""

    @pytest.fixture
    def now(self, monkeypatch):
        """The time by the follower's clock, as it is set."""
        times = [COMPLETE]

        class Now(datetime):
            @classmethod
            def now(cls, tz=None):
                return times[-1]

        monkeypatch.setattr("release.adapters.evidence.datetime", Now)
        return times

    def test_captured_minutes_come_last_and_with_the_newest_that_is_counted(self, s3, answers, now):
        both(s3)
        metrics = InvocationMetrics(FakeMetrics(), "delays-prod", SINCE, objective=0.5)
        follower = MinuteFollower(metrics, (), answers)
        windows = [parse_line(line) for line in follower.more()]
        assert [one.id.split(" ")[0] for one in windows][-2:] == ["candidate/captured", "live/captured"]
        assert len({one.end for one in windows[-4:]}) == 1
        assert windows[-1].end == COMPLETE.timestamp() - (SETTLED_SECONDS - 60)
        assert windows[-1].end == max(one.end for one in windows)

    def test_without_a_new_minute_nothing_is_told(self, s3, answers, now):
        metrics = InvocationMetrics(FakeMetrics(), "delays-prod", SINCE, objective=0.5)
        follower = MinuteFollower(metrics, (), answers)
        follower.more()
        both(s3)
        now.append(COMPLETE + timedelta(seconds=EVERY_SECONDS))
        assert follower.more() == []
        assert s3.gotten.total() == 2
