"""Rollout hours: windows of a week in their own zone, across daylight saving, and texts that are none."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from release.domain import hours
from release.domain.pins import RolloutSettings

BERLIN = "Mon-Fri 09:00-16:00 Europe/Berlin"


def at(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "moment", "is_open"),
    [
        # A Thursday in winter: Berlin is an hour ahead of UTC.
        (BERLIN, "2026-01-01T07:59:59+00:00", False),
        (BERLIN, "2026-01-01T08:00:00+00:00", True),
        (BERLIN, "2026-01-01T14:59:59+00:00", True),
        (BERLIN, "2026-01-01T15:00:00+00:00", False),
        # In summer it is two: the hours stay the people's.
        (BERLIN, "2026-07-02T07:00:00+00:00", True),
        (BERLIN, "2026-07-02T06:59:59+00:00", False),
        (BERLIN, "2026-07-02T14:00:00+00:00", False),
        # The Friday before and the Monday after the clocks go forward.
        (BERLIN, "2026-03-27T08:00:00+00:00", True),
        (BERLIN, "2026-03-27T07:30:00+00:00", False),
        (BERLIN, "2026-03-30T07:30:00+00:00", True),
        # A weekend there, whatever day it is elsewhere.
        (BERLIN, "2026-01-03T10:00:00+00:00", False),
        ("Mon 00:00-24:00 Pacific/Auckland", "2026-01-04T11:00:00+00:00", True),
        ("Mon 00:00-24:00 Pacific/Auckland", "2026-01-04T10:59:59+00:00", False),
        ("Mon 00:00-24:00 Pacific/Auckland", "2026-01-05T11:00:00+00:00", False),
        # A week that goes over Sunday; one day; UTC without a zone.
        ("Fri-Mon 00:00-24:00", "2026-01-04T23:59:59+00:00", True),
        ("Fri-Mon 00:00-24:00", "2026-01-05T12:00:00+00:00", True),
        ("Fri-Mon 00:00-24:00", "2026-01-06T00:00:00+00:00", False),
        ("Sat 10:00-11:00", "2026-01-03T10:30:00+00:00", True),
        ("Sat 10:00-11:00", "2026-01-04T10:30:00+00:00", False),
        ("Thu 23:59-24:00", "2026-01-01T23:59:30+00:00", True),
    ],
)
def test_open_and_closed(text, moment, is_open):
    assert hours.parse(text).open_at(at(moment)) is is_open


@given(moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), offset=st.integers(-12, 14))
def test_it_is_about_the_moment_and_not_how_it_is_written(moment, offset):
    window, utc = hours.parse(BERLIN), moment.replace(tzinfo=UTC)
    assert window.open_at(utc) is window.open_at(utc.astimezone(timezone(timedelta(hours=offset))))


def test_a_skipped_hour_never_comes_and_a_double_one_comes_twice():
    night = hours.parse("Sun 02:00-03:00 Europe/Berlin")
    minutes = [at("2026-03-29T00:00:00+00:00") + timedelta(minutes=i) for i in range(180)]
    assert not any(night.open_at(minute) for minute in minutes)
    minutes = [at("2026-10-25T00:00:00+00:00") + timedelta(minutes=i) for i in range(180)]
    assert sum(night.open_at(minute) for minute in minutes) == 120


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no window of a week: write it as"),
        ("always", "no window of a week"),
        ("09:00-16:00", "no window of a week"),
        ("mon-fri 09:00-16:00", "no window of a week"),
        ("Mon-Fri 9:00-16:00", "no window of a week"),
        ("Mon-Fri 09:00-16:00 Europe/Berlin ", "no window of a week"),
        ("Mon-Fri 09:00-16:00\n", "no window of a week"),
        ("Mon-Frx 09:00-16:00", "names no days: they are Mon, Tue"),
        ("Mon 16:00-09:00", "does not begin before it ends"),
        ("Mon 09:00-09:00", "does not begin before it ends"),
        ("Mon 09:00-24:01", "does not begin before it ends"),
        ("Mon 09:60-16:00", "does not begin before it ends"),
        ("Mon 09:00-16:75", "does not begin before it ends"),
        ("Mon 09:00-16:00 Europe/Atlantis", "'Europe/Atlantis' is no time zone known here"),
        ("Mon 09:00-16:00 Europe", "'Europe' is no time zone known here"),
    ],
)
def test_a_wrong_text_is_refused_with_what_is_wrong(text, why):
    with pytest.raises(ValueError, match=why):
        hours.parse(text)
    with pytest.raises(ValidationError, match=why):
        RolloutSettings(hours=text)


@pytest.mark.parametrize(
    "zone", ["Etc/GMT+5", "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "UTC"]
)
def test_every_kind_of_zone_has_a_name(zone):
    assert str(hours.parse(f"Mon 09:00-16:00 {zone}").zone) == zone
