"""Two looks at one endpoint's truth at the same time: no label is lost, and none is counted twice.

They share a bucket that writes on condition. The second one runs between a read and a write of the first: at
every write there is.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from monitoring.operations.quality import Told, measure
from monitoring.operations.truth import again
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

SETTINGS = QualitySettings(least_rows=1, settle_hours=36)
NOW = HOUR + 4 * DAY
WRITES = 13
"""More than a look here writes: of later ones nothing is interrupted, and all has to hold all the same."""


def look(s3: FakeS3, now: timedelta = NOW - HOUR) -> Told:
    """One look, so long after the first hour."""
    return measure(sources(s3), Subject("delays", RELEASE, HOUR + now), SETTINGS, Promised())


def scene() -> FakeS3:
    """Two days with their truth, labels that wait for their row, one that is too early, a line of none."""
    s3 = FakeS3()
    read_until(s3, NOW)
    for day in range(2):
        day_of(s3, HOUR + day * DAY, 0.3, 0.3, rows=20)
    later = HOUR + DAY
    lines = [label("nobody", 1, later), label("request-030210", 1, HOUR - DAY), "{half"]
    told(s3, "later", [*lines, label("twice", 1, later), label("twice", 1, later)])
    return s3


def interrupted(s3: FakeS3, at: int, by: Callable[[], object]) -> None:
    """Have `by` happen before the write of this number."""

    def happen(key: str, body: bytes) -> None:
        s3.before_put = []
        by()

    s3.before_put = [lambda key, body: None] * (at - 1) + [happen]


def alone(s3: FakeS3, *looks: timedelta) -> Told:
    """Looks one after the other; what the last one tells."""
    s3.before_put = []
    return [look(s3, now) for now in looks][-1]


def same(left: Told, right: Told) -> bool:
    """Whether two looks tell the same of labels and days."""
    return (left.quality, left.labels, left.waiting, left.troubles) == (
        right.quality,
        right.labels,
        right.waiting,
        right.troubles,
    )


def held(s3: FakeS3) -> int:
    """How many labels are held by rows."""
    book = sources(s3).book
    return sum(len(labels) for hour in book.marks() for labels in book.held(hour)[0].of.values())


LATE = NOW - HOUR + timedelta(hours=100)
"""By then what waits has waited long enough."""


@pytest.mark.parametrize("at", range(1, WRITES))
def test_two_looks_at_once_come_to_what_one_comes_to(at: int) -> None:
    s3, expected = scene(), alone(scene(), NOW - HOUR, LATE)
    interrupted(s3, at, lambda: look(s3))
    look(s3)
    found = alone(s3, LATE)
    assert same(found, expected)
    assert (found.quality.labelled, found.waiting) == (40, 0)
    assert found.troubles == {Trouble.UNKNOWN: 3, Trouble.EARLY: 1, Trouble.LINE: 1}


@pytest.mark.parametrize("at", range(1, WRITES))
def test_what_came_between_the_two_is_not_lost(at: int) -> None:
    s3 = scene()

    def more() -> None:
        answered(s3, HOUR + timedelta(hours=1), [0.2], request="nobody")
        told(s3, "more", [label("twice", 0, HOUR + 2 * DAY), label("request-030210#1", 1, HOUR + 2 * DAY)])
        look(s3)

    interrupted(s3, at, more)
    look(s3)
    if s3.before_put:
        s3.before_put = []
        more()
    found = alone(s3, NOW - HOUR)
    assert (found.quality.labelled, found.labels, held(s3)) == (41, 46, 42)
    assert found.waiting == 4, "three of an id that nobody answered, one that is too early"
    expected = alone(s3, LATE)
    assert expected.troubles == {Trouble.UNKNOWN: 3, Trouble.EARLY: 1, Trouble.LINE: 1}
    assert (expected.waiting, expected.labels) == (0, 46)


@pytest.mark.long
@pytest.mark.parametrize("at", range(1, WRITES))
def test_what_waited_too_long_is_counted_by_one_of_two_looks(at: int) -> None:
    s3 = scene()
    look(s3)
    interrupted(s3, at, lambda: look(s3, LATE))
    look(s3, LATE)
    assert alone(s3, LATE).troubles == {Trouble.UNKNOWN: 3, Trouble.EARLY: 1, Trouble.LINE: 1}


@pytest.mark.long
@pytest.mark.parametrize("at", range(1, WRITES))
def test_a_look_that_dies_within_another_one_leaves_nothing_half(at: int) -> None:
    def die(key: str, body: bytes) -> None:
        raise KeyboardInterrupt

    s3 = scene()
    s3.before_put = [lambda key, body: None] * (at - 1) + [die]
    with suppress(KeyboardInterrupt):
        look(s3)
    assert same(alone(s3, NOW - HOUR, LATE), alone(scene(), NOW - HOUR, LATE))
    s3 = scene()
    look(s3)
    s3.before_put = [lambda key, body: None] * (at - 1) + [die]
    with suppress(KeyboardInterrupt):
        look(s3, LATE)
    assert same(alone(s3, LATE), alone(scene(), NOW - HOUR, LATE))


@pytest.mark.long
@pytest.mark.parametrize("at", range(1, WRITES))
def test_files_are_read_again_while_another_look_is_at_work(at: int) -> None:
    s3 = scene()
    look(s3)
    told(s3, "more", [label("request-030210#1", 1, HOUR + 2 * DAY)])
    interrupted(s3, at, lambda: again(sources(s3), "s3://bucket/truth/2026"))
    look(s3)
    found = alone(s3, NOW - HOUR, LATE)
    assert (found.quality.labelled, found.labels, held(s3)) == (40, 45, 41)
    assert found.troubles == {Trouble.UNKNOWN: 3, Trouble.EARLY: 1, Trouble.LINE: 1}
