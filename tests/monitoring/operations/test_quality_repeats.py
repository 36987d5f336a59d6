"""An inference id names one request: its first record counts, and a label waits until that is certain."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from monitoring.operations.quality import Told, measure
from monitoring.quality.joining import Answered, FirstRecords
from monitoring.quality.labels import Trouble
from monitoring.quality.reporting import Promised, Subject
from release.domain.quality_settings import QualitySettings
from tests.monitoring.quality.stream import (
    DAY,
    HOUR,
    RELEASE,
    answered,
    day_of,
    label,
    read_until,
    sources,
    told,
)
from tests.release.adapters.s3 import FakeS3

SETTINGS = QualitySettings(least_rows=1, settle_hours=48)
END = HOUR + 7 * DAY
AN_HOUR = timedelta(hours=1)


def look(s3: FakeS3, now: datetime = END, final: datetime | None = None) -> Told:
    """One look; all hours are read up to `final`, by default up to now."""
    read_until(s3, final or now)
    return measure(sources(s3), Subject("delays", RELEASE, now), SETTINGS, Promised())


def gap(found: Told) -> float:
    """The gap of all judged days."""
    assert found.quality.calibration is not None
    return found.quality.calibration.bound.mean


def test_a_repeat_counts_nowhere_and_is_named() -> None:
    s3 = FakeS3()
    answered(s3, HOUR, [0.2, 0.4], "a")
    answered(s3, HOUR + 3 * AN_HOUR, [0.9, 0.9], "a")
    told(s3, "a", [label("a", 0, HOUR + DAY), label("a#1", 1, HOUR + DAY)])
    found = look(s3)
    assert (found.quality.rows, found.quality.labelled, found.quality.repeated) == (2, 2, 2)
    assert found.repeats == ("a",)
    assert gap(found) == pytest.approx(0.3 - 0.5)


def test_a_repeat_on_the_next_day_does_not_count_there() -> None:
    s3 = FakeS3()
    answered(s3, HOUR, [0.2], "a")
    answered(s3, HOUR + 20 * AN_HOUR, [0.9], "a")
    told(s3, "a", [label("a", 0, HOUR + DAY)])
    found = look(s3)
    assert (found.quality.rows, found.quality.labelled, found.quality.repeated) == (1, 1, 1)
    assert found.quality.judged == (HOUR.date(),)


def test_truth_that_is_delivered_twice_counts_once_also_after_a_repeat() -> None:
    s3 = FakeS3()
    answered(s3, HOUR, [0.2], "a")
    told(s3, "one", [label("a", 1, HOUR + DAY)])
    look(s3, HOUR + DAY)
    answered(s3, HOUR + 23 * AN_HOUR, [0.9], "a")
    told(s3, "two", [label("a", 1, HOUR + DAY), label("a", 0, HOUR + DAY + AN_HOUR)])
    found = look(s3)
    assert (found.quality.rows, found.quality.labelled, found.quality.corrected) == (1, 1, 1)
    assert found.troubles == {Trouble.DUPLICATE: 1}
    assert gap(found) == pytest.approx(0.2)


def test_a_label_from_between_two_records_is_of_the_first_and_not_too_early() -> None:
    s3 = FakeS3()
    answered(s3, HOUR, [0.2], "a")
    answered(s3, HOUR + 3 * AN_HOUR, [0.9], "a")
    told(s3, "a", [label("a", 0, HOUR + AN_HOUR)])
    found = look(s3)
    assert (found.quality.labelled, found.waiting, found.troubles) == (1, 0, {})


def test_a_record_that_is_read_later_makes_a_label_that_seemed_too_early_right() -> None:
    s3 = FakeS3()
    answered(s3, HOUR + 3 * AN_HOUR, [0.9], "a")
    told(s3, "a", [label("a", 0, HOUR + AN_HOUR)])
    found = look(s3, HOUR + DAY)
    assert (found.waiting, found.troubles) == (1, {})
    answered(s3, HOUR, [0.2], "a")  # its files came late, and it was read again
    found = look(s3)
    assert (found.quality.labelled, found.waiting, found.troubles) == (1, 0, {})
    assert gap(found) == pytest.approx(0.2)


def test_an_hour_that_is_read_again_with_the_first_record_takes_the_label() -> None:
    s3 = FakeS3()
    answered(s3, HOUR, [0.5], "b")
    answered(s3, HOUR + 3 * AN_HOUR, [0.9], "a")
    told(s3, "a", [label("a", 0, HOUR + DAY)])
    assert look(s3, HOUR + DAY).waiting == 0
    answered(s3, HOUR, [0.2], "a")
    found = look(s3)
    assert (found.quality.rows, found.quality.labelled, found.quality.repeated) == (1, 1, 1)
    assert gap(found) == pytest.approx(0.2)


def test_an_id_that_is_used_anew_later_has_a_label_of_its_own_whenever_one_looks() -> None:
    for looks in ((), (HOUR + 2 * DAY + AN_HOUR,)):
        s3 = FakeS3()
        answered(s3, HOUR, [0.2], "a")
        answered(s3, HOUR + 2 * DAY, [0.9], "a")
        told(s3, "a", [label("a", 1, HOUR + 2 * DAY + AN_HOUR / 2)])
        for now in looks:
            assert look(s3, now, final=HOUR + 2 * DAY).waiting == 1, "the hour of its row is not read"
        found = look(s3)
        assert (found.quality.rows, found.quality.labelled, found.quality.repeated) == (2, 1, 0)
        assert gap(found) == pytest.approx(0.9 - 1)


def test_no_label_is_unknown_before_its_hours_are_read_and_it_waited_after_that() -> None:
    s3 = FakeS3()
    told(s3, "a", [label("a", 0, HOUR + AN_HOUR)])
    for days in (1, 4, 5):
        found = look(s3, HOUR + days * DAY, final=HOUR)
        assert (found.waiting, found.troubles) == (1, {}), "nobody has read the hours that it may be of"
    assert look(s3, HOUR + 6 * DAY).waiting == 1
    assert look(s3, HOUR + 8 * DAY).waiting == 1
    found = look(s3, HOUR + 9 * DAY)
    assert (found.waiting, found.troubles) == (0, {Trouble.UNKNOWN: 1})


def test_rows_that_have_expired_end_no_look_and_take_no_count_away() -> None:
    s3 = FakeS3()
    day_of(s3, HOUR, 0.3, 0.3, rows=20)
    before = look(s3)
    for key in [key for key in s3.objects if key.startswith("monitoring/delays/rows/")]:
        del s3.objects[key]
    told(s3, "later", [label("request-030210", 1, HOUR + DAY), label("nobody", 1, HOUR + DAY)])
    found = look(s3)
    assert found.waiting == 2
    assert found.quality == before.quality


def record(name: str | None, minute: int, release: str = RELEASE, rows: int = 1) -> list[tuple]:
    """The rows of one record."""
    at = HOUR + timedelta(minutes=minute)
    return [(name, row, at, 0.5, release) for row in range(rows)]


def hour_of(*records: list[tuple]) -> Answered:
    """An hour of these records."""
    columns = list(zip(*(row for one in records for row in one), strict=True))
    inference, row, at, score, release = columns
    return Answered(inference, row, at, np.array(score), release)


def test_within_an_hour_the_earliest_record_of_a_release_counts() -> None:
    first = FirstRecords()
    hour = hour_of(record("a", 9, rows=2), record("a", 3), record("a", 3, "mirrored"), record(None, 1))
    assert first.of(HOUR, hour).tolist() == [False, False, True, True, True]
    again = hour_of(record("a", 3), record(None, 1), record(None, 1, rows=2), record("b", 2))
    assert first.of(HOUR + AN_HOUR, again).tolist() == [False, True, True, True, True]
    later = HOUR + 26 * AN_HOUR
    assert first.of(later, again).tolist() == [True, True, True, True, True]
