"""What `./slipway captured` says of hours that it could not compare."""

from datetime import UTC, datetime

from scripts.captured import not_compared

NONE, CHANGED = "nothing was captured", "the capture changed"


def at(hour: int) -> datetime:
    return datetime(2026, 11, 29 + hour // 24, hour % 24, tzinfo=UTC)


def test_hours_that_follow_each_other_for_one_reason_are_one_line():
    apart = [(at(22), NONE), (at(23), NONE), (at(24), NONE), (at(25), CHANGED), (at(27), CHANGED)]
    assert list(not_compared(apart)) == [
        "2026-11-29 22h to 2026-11-30 00h: 3 hours were not compared: nothing was captured",
        "2026-11-30 01h was not compared: the capture changed",
        "2026-11-30 03h was not compared: the capture changed",
    ]


def test_where_all_was_compared_nothing_is_said():
    assert list(not_compared([])) == []
