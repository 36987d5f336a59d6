"""What `./slipway captured` says of hours that it could not compare."""

import json
from datetime import UTC, datetime

from scripts.captured import not_compared
from scripts.shared.cli import Out

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


def test_a_time_in_an_answer_for_programs_has_the_form_that_all_of_them_read(capsys):
    Out(as_json=True).result({"until": at(24), "hours": [(at(22), NONE)]})
    assert json.loads(capsys.readouterr().out) == {
        "until": "2026-11-30T00:00:00+00:00",
        "hours": [["2026-11-29T22:00:00+00:00", NONE]],
    }


def test_where_all_was_compared_nothing_is_said():
    assert list(not_compared([])) == []
