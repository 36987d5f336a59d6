"""However often one looks, days are judged the same, and so is all that alarms."""

import random
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.operations.quality import Told, measure
from monitoring.quality.reporting import Promised, Subject
from release.domain.quality_settings import QualitySettings
from tests.examples import examples
from tests.monitoring.quality.stream import DAY, HOUR, RELEASE, answered, label, read_until, sources, told
from tests.release.adapters.s3 import FakeS3

SETTINGS = QualitySettings(
    least_rows=2,
    least_slice_rows=1,
    least_labelled=0.3,
    settle_hours=30,
    unknown_after_hours=20,
    window_days=7,
    slices=("origin",),
    false_alarms=0.5,
    spread_above=0.02,
    spread_below=0.02,
    slice_spread=0.02,
)
DAYS = 4
BEGIN = HOUR.replace(hour=0)
END = BEGIN + (DAYS + 4) * DAY
Step = Callable[[FakeS3], object]


def story(seed: int) -> list[tuple[datetime, Step]]:
    """What comes into the bucket, and when: hours of rows, and truth files."""
    chosen = random.Random(seed)  # noqa: S311 - nothing is secret
    found: list[tuple[datetime, Step]] = []
    names: list[str] = []
    for hour in range(DAYS * 24):
        at = BEGIN + timedelta(hours=hour)
        name = f"r{hour}" if not names or chosen.random() < 0.8 else chosen.choice(names[-20:])
        if chosen.random() < 0.3:
            names.append(name)
            rows = chosen.randint(1, 4)
            found.append((at + timedelta(hours=1, minutes=20), _rows(at, name, rows, chosen)))
            for row in range(rows):
                found += _labels(f"{name}#{row}", at, chosen)
    return sorted(found, key=lambda one: one[0])


def _rows(at: datetime, name: str, count: int, chosen: random.Random) -> Step:
    scores = [chosen.random() for _ in range(count)]
    origins = [chosen.choice(["JFK", "EWR"]) for _ in range(count)]
    return lambda s3: answered(s3, at, scores, name, origins)


def _labels(name: str, at: datetime, chosen: random.Random) -> list[tuple[datetime, Step]]:
    """Labels of a row: most of them soon, some late, early, twice, corrected, or contradicted."""
    observed = at + timedelta(hours=chosen.uniform(-1, 40))
    told_of = [(observed, chosen.randint(0, 1), False)]
    while chosen.random() < 0.4:
        moment, outcome, _ = told_of[-1]
        later = moment + timedelta(hours=chosen.choice([0, 0, 5, 30]))
        told_of.append((later, chosen.choice([outcome, 1 - outcome]), chosen.random() < 0.5))
    came = [moment + timedelta(hours=chosen.choice([0.1, 1, 10, 50])) for moment, _, _ in told_of]
    return [
        (arrives, _file(chosen.getrandbits(32), label(name, outcome, moment, corrects=corrects), arrives))
        for arrives, (moment, outcome, corrects) in zip(came, told_of, strict=True)
    ]


def _file(number: int, line: dict[str, Any], came: datetime) -> Step:
    return lambda s3: told(s3, f"{number:x}", [line], came)


def looked(seed: int, looks: Iterable[int]) -> tuple[Told, Any]:
    """What the last of some looks tells, and the days as they are judged; looks are hours after the begin."""
    s3, steps = FakeS3(), story(seed)
    moments = sorted({BEGIN + timedelta(hours=hour, minutes=30) for hour in looks} | {END})
    for moment in moments:
        while steps and steps[0][0] <= moment:
            steps.pop(0)[1](s3)
        read_until(s3, moment - timedelta(hours=1))
        found = measure(sources(s3), Subject("delays", RELEASE, moment), SETTINGS, Promised())
    judged = sources(s3).book.judged()
    plain = [[_plain(asdict(day)) for day in judged[one].counts] for one in sorted(judged)]
    return found, plain


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    return {name: one.tolist() if isinstance(one, np.ndarray) else one for name, one in value.items()}


def check(seed: int, looks: Iterable[int]) -> None:
    """Those looks and one at the end judge alike."""
    (often, days), (once, of_once) = looked(seed, looks), looked(seed, ())
    assert days == of_once
    assert len(days) == DAYS
    for name in ("calibration", "slices", "auc", "log_loss", "findings", "judged", "unjudged"):
        np.testing.assert_equal(getattr(often.quality, name), getattr(once.quality, name), name)
    assert often.quality.rows == once.quality.rows
    assert often.quality.repeated == once.quality.repeated


@pytest.mark.long
@examples(0.1)
@given(st.integers(0, 2**32), st.sets(st.integers(0, (DAYS + 4) * 24 - 1), max_size=12))
def test_looking_now_and_then_or_once_comes_to_the_same(seed: int, looks: set[int]) -> None:
    check(seed, looks)


def test_looking_each_day_or_once_comes_to_the_same() -> None:
    check(3, range(20, (DAYS + 4) * 24, 24))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_looking_every_hour_or_once_comes_to_the_same(seed: int) -> None:
    check(seed, range((DAYS + 4) * 24))


def test_the_story_has_what_could_make_a_difference() -> None:
    quality = looked(7, ())[0].quality
    assert quality.judged
    assert quality.repeated
    assert quality.corrected
    assert quality.late
