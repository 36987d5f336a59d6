"""What was once said of judged days stays said, whatever days come after them."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from monitoring.quality.days import ALL, Day, Rows, counted
from monitoring.quality.reporting import SLICES, Counts, Promised, Quality, Subject, assess
from release.domain.quality_settings import QualitySettings

RELEASE = "abcabcabcabc"
FIRST = date(2026, 1, 1)
DAYS = 24
SETTINGS = QualitySettings(
    least_rows=50,
    least_slice_rows=10,
    window_days=7,
    false_alarms=0.5,
    spread_above=0.02,
    spread_below=0.02,
    slice_spread=0.02,
)


def day(number: int, name: str, rows: int, gap: float, random: np.random.Generator) -> Day:
    """A day of one slice, whose scores lie so far above the base rate."""
    scores = random.uniform(0.2, 0.6, rows)
    truths = (random.random(rows) < scores - gap).astype(np.float64)
    told = Rows(scores, truths, np.full(rows, 6.0), np.zeros(rows, bool))
    return counted(FIRST + timedelta(days=number), RELEASE, name, told)


@pytest.fixture(scope="module")
def days() -> list[Day]:
    """Days that get worse, with ever more slices, of which the latest are the largest."""
    random = np.random.default_rng(5)
    found = []
    for number in range(DAYS):
        found.append(day(number, ALL, 400, 0.02 * number, random))
        for slice_ in range(8 + 3 * number):
            rows = 300 if slice_ >= SLICES else 20
            found.append(day(number, f"origin={slice_}", rows, 0.3 * (slice_ % 2), random))
    return found


def assessed(days: list[Day], until: int) -> Quality:
    """As of so many days."""
    known = [one for one in days if one.day < FIRST + timedelta(days=until)]
    subject = Subject("delays", RELEASE, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=until + 2))
    return assess(Counts(known, known), subject, SETTINGS, Promised(calibration=0.05, auc=0.7))


def test_findings_stay_as_they_were_noticed_whatever_days_follow(days: list[Day]) -> None:
    looks = [assessed(days, until) for until in range(1, DAYS + 1)]
    for before, after in pairwise(looks):
        assert set(map(repr, before.findings)) <= set(map(repr, after.findings))
        assert {one.slice for one in before.slices} <= {one.slice for one in after.slices}
    subjects = {one.subject for one in looks[-1].findings}
    assert subjects >= {"calibration", "auc", "log_loss"}
    assert len(subjects) > 5, "slices alarm, too"


def test_of_more_slices_than_share_the_error_the_first_are_judged(days: list[Day]) -> None:
    found = assessed(days, DAYS)
    assert (len(found.slices), found.left_out) == (SLICES, 8 + 3 * (DAYS - 1) - SLICES)
    assert f"origin={SLICES + 3}" not in {one.slice for one in found.slices}
