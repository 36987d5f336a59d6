"""Rates, ratios and bars of the batch path. Pure: values in, values out."""

from collections.abc import Sequence
from typing import Any

from bench.serving.batch.course import Course
from bench.serving.checks import Check
from model.training.golden import TOLERANCE

MOST_MEMORY = 1000.0
"""MB, at the peak, of all the server's processes."""
MOST_GROWTH = 10.0
"""Per cent, of the peak from the first million rows to all of them."""


def rate(course: Course) -> float:
    """Rows a second, answered."""
    return course.rows / course.wall


def ratio(course: Course) -> float:
    """Our rate over that of predict_proba alone, by the processor's seconds: other load does not move it."""
    return course.rival_cpu / course.cpu


def job_ratio(course: Course) -> float | None:
    """The same against reading the file and predict_proba; None where that was not measured."""
    return course.job_cpu / course.job_rows / (course.cpu / course.rows) if course.job_rows else None


def bars(courses: Sequence[Course]) -> list[Check]:
    """What has to hold, for the first course (Parquet) and for all."""
    first = courses[0]
    off = max(course.off_by for course in courses)
    most = max(max(course.peaks.values()) for course in courses)
    return [
        Check(f"every score within {TOLERANCE:g} of scikit-learn's", off <= TOLERANCE, f"{off:.1e} at most"),
        Check(f"never more than {MOST_MEMORY:,.0f} MB", most <= MOST_MEMORY, f"{most:,.0f} MB at the peak"),
        _growth(first),
    ]


def _growth(course: Course) -> Check:
    what = f"{course.format}: memory does not depend on how many rows there are"
    if len(course.peaks) < 2:
        return Check(what, None, "too few rows to say")
    (early, before), (late, after) = list(course.peaks.items())
    grown = 100 * (after / before - 1)
    found = f"{before:,.0f} MB after {early:,} rows, {after:,.0f} MB after {late:,} ({grown:+.1f} %)"
    return Check(what, grown <= MOST_GROWTH, found)


def row(course: Course) -> dict[str, Any]:
    """A course in a line of a table."""
    beside = job_ratio(course)
    return {
        "format": course.format,
        "rows": f"{course.rows:,}",
        "rows in a body": f"{course.rows_in_a_body:,}",
        "bytes a row": f"{course.bytes / course.rows:.0f}",
        "rows/s": f"{rate(course):,.0f}",
        "CPU µs a row": f"{1e6 * course.cpu / course.rows:.2f}",
        "predict_proba, rows/s": f"{course.rows / course.rival_wall:,.0f}",
        "CPU: times predict_proba": f"{ratio(course):.2f}x",
        "CPU: times reading and predict_proba": "" if beside is None else f"{beside:.2f}x",
        "peak MB": f"{max(course.peaks.values()):,.0f}",
    }
