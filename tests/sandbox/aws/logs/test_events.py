"""Limits of PutLogEvents, and pages that neither lose nor repeat an event. Values only."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.logs.events import (
    MOST_BYTES,
    OVERHEAD,
    BadBatch,
    BadToken,
    Event,
    check_batch,
    group_page,
    stream_page,
)

NOW = 1_700_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR


def batch(*times: int, text: str = "x") -> list[dict[str, Any]]:
    return [{"timestamp": NOW + at, "message": text} for at in times]


def events(times: list[int]) -> list[Event]:
    return sorted((Event(at, number, "x", 0, "s") for number, at in enumerate(times, 1)), key=lambda e: e.key)


def test_too_old_and_too_new_events_are_named_by_index() -> None:
    accepted = check_batch(batch(-15 * DAY, -15 * DAY, -HOUR, 0, HOUR, 3 * HOUR), NOW, None)
    assert [event["timestamp"] - NOW for event in accepted.events] == [-HOUR, 0, HOUR]
    assert accepted.rejected == {"tooOldLogEventEndIndex": 2, "tooNewLogEventStartIndex": 5}


def test_events_before_the_retention_are_expired() -> None:
    accepted = check_batch(batch(-15 * DAY, -2 * DAY, 0), NOW, 1)
    assert accepted.rejected == {"tooOldLogEventEndIndex": 1, "expiredLogEventEndIndex": 2}
    assert len(accepted.events) == 1


def test_the_bounds_themselves_are_accepted() -> None:
    assert check_batch(batch(2 * HOUR), NOW, None).rejected == {}
    assert check_batch(batch(-14 * DAY), NOW, None).rejected == {}


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (batch(), "length greater than or equal to 1"),
        (batch(*range(10_001)), "length less than or equal to 10000"),
        (batch(1, 0), "chronological order"),
        (batch(-25 * HOUR, 0), "cannot span more than 24 hours"),
        (batch(0, text="x" * MOST_BYTES), "Log event too large"),
        (batch(0, 0, text="é" * (MOST_BYTES // 4)), "Upload too large"),
    ],
)
def test_what_is_refused_as_a_whole(refused: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(BadBatch, match=words):
        check_batch(refused, NOW, None)


def test_a_batch_of_exactly_the_limit_is_accepted() -> None:
    assert len(check_batch(batch(0, text="x" * (MOST_BYTES - OVERHEAD)), NOW, None).events) == 1


TIMES = st.lists(st.integers(0, 20), max_size=30)


@given(TIMES, st.integers(1, 7))
def test_forward_pages_are_all_events_once(times: list[int], limit: int) -> None:
    every, seen, token = events(times), [], None
    for _ in range(len(every) + 2):
        page = stream_page(every, limit, True, token)
        if page.forward == token:
            break
        assert len(page.events) <= limit
        seen.extend(page.events)
        token = page.forward
    assert seen == every


@given(TIMES, st.integers(1, 7))
def test_backward_pages_are_all_events_once(times: list[int], limit: int) -> None:
    every, seen, token = events(times), [], None
    for _ in range(len(every) + 2):
        page = stream_page(every, limit, False, token)
        if page.backward == token:
            break
        seen[:0] = page.events
        token = page.backward
    assert seen == every


def test_new_events_come_after_the_token_of_the_end() -> None:
    first = events([1, 2, 3])
    end = stream_page(first, 10, True, None).forward
    assert stream_page(first, 10, True, end).events == []
    later = [*first, Event(4, 99, "new", 0, "s")]
    assert [event.message for event in stream_page(later, 10, True, end).events] == ["new"]


@given(TIMES, st.integers(1, 7), st.booleans())
def test_pages_of_a_group_are_all_events_once(times: list[int], limit: int, head: bool) -> None:
    every, seen, token = events(times), [], None
    for _ in range(len(every) + 1):
        found, token = group_page(every, limit, head, token)
        seen.extend(found)
        if token is None:
            break
    assert seen == (every if head else every[::-1])


def test_a_page_ends_at_a_mebibyte() -> None:
    large = [Event(at, at, "x" * 400_000, 0, "s") for at in range(5)]
    assert [event.timestamp for event in stream_page(large, 100, True, None).events] == [0, 1]
    assert [event.timestamp for event in stream_page(large, 100, False, None).events] == [3, 4]


@pytest.mark.parametrize("text", ["", "f/1", "x/" + "0" * 56, "f/" + "z" * 56])
def test_tokens_that_no_answer_gave(text: str) -> None:
    with pytest.raises(BadToken):
        stream_page([], 10, True, text)
