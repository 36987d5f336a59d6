"""Silence is told of the hours in which a release was live, and a look rests on the very hours it had."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.counts import HourCounts
from monitoring.records.last_look import LastLook, digest_of, emptiness

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def counts(first: int, rows: Sequence[int]) -> list[HourCounts]:
    return [
        HourCounts("delays", "live", "3f2a9c01d4e7", FIRST + number * HOUR, count, count, {})
        for number, count in enumerate(rows, first)
    ]


def look(until: int, *known: HourCounts, before: LastLook | None = None) -> LastLook:
    return LastLook(FIRST + until * HOUR, "", None, (), *emptiness(before, known))


@pytest.mark.parametrize(
    ("rows", "silent"),
    [
        ([0] * 23, False),
        ([0] * 24, True),
        ([5] + [0] * 23, False),
        ([5] + [0] * 24, True),
        ([0] * 24 + [1], False),
    ],
)
def test_a_day_of_hours_without_a_row_is_silence(rows, silent):
    assert look(len(rows), *counts(0, rows)).silent is silent


def test_hours_that_come_one_at_a_time_tell_the_same():
    rows = [5, 0, 0, 7, *[0] * 24]
    known = None
    for hour, counted in enumerate(counts(0, rows)):
        known = look(hour + 1, counted, before=known)
    assert known == look(len(rows), *counts(0, rows))
    assert known.silent


def test_a_release_that_is_live_again_is_not_silent_for_the_days_in_which_it_was_not():
    before = look(2, *counts(0, [5, 0]))
    assert not look(100, *counts(99, [0]), before=before).silent
    assert look(123, *counts(99, [0] * 24), before=before).silent


def test_without_an_hour_there_is_neither_silence_nor_a_row():
    known = look(100)
    assert (known.silent, known.had_rows) == (False, False)


def test_a_look_is_read_as_it_was_kept_and_what_is_damaged_is_none():
    known = look(3, *counts(0, [1, 0, 0]))
    assert LastLook.from_bytes(known.to_bytes()) == known
    assert [LastLook.from_bytes(body) for body in (b"", b"{}", known.to_bytes()[:-9])] == [None] * 3


def test_hours_that_are_others_or_more_or_fewer_have_another_digest_and_those_outside_do_not_count():
    hours = {FIRST + number * HOUR: f"{number}" for number in range(5)}
    span = FIRST + HOUR, FIRST + 4 * HOUR
    digest = digest_of(hours, *span)
    assert digest_of(hours | {FIRST: "other", FIRST + 4 * HOUR: "other"}, *span) == digest
    changed = {**hours, FIRST + HOUR: "other"}
    fewer = {hour: version for hour, version in hours.items() if hour != FIRST + 2 * HOUR}
    assert digest not in (digest_of(changed, *span), digest_of(fewer, *span))
