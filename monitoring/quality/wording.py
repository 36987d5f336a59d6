"""A release's quality in words, a line each. Pure."""

import math
from collections.abc import Iterator

from monitoring.quality.measures import Measured
from monitoring.quality.reporting import SLICES, Calibration, Quality


def lines(found: Quality) -> Iterator[str]:
    """What is known of it; the findings say themselves."""
    share = f"{found.labelled / found.rows:.1%}" if found.rows else "none"
    whose = f"{found.subject.endpoint} {found.subject.release}"
    yield (
        f"{whose}: {found.labelled:,} of {found.rows:,} settled rows "
        f"have a label ({share}), {found.corrected:,} of them corrected"
    )
    if found.invalid:
        yield f"{found.invalid:,} rows have a score that is no probability"
    if found.repeated:
        yield f"{found.repeated:,} rows are of records that repeat an earlier one, and count nowhere"
    if found.calibration is None:
        return
    all_rows, labelled = _figure(found.scores_all), _figure(found.scores_labelled)
    yield f"mean score {all_rows} of all rows, {labelled} of those with a label"
    if found.unjudged:
        days = ", ".join(str(one.day) for one in found.unjudged[-3:])
        yield f"{len(found.unjudged)} days have too few labels and are not judged, the newest: {days}"
    for one in (found.calibration, *found.slices):
        yield _calibration(one)
    if found.left_out:
        yield f"{found.left_out} slices came after the first {SLICES}, and are not judged"
    if found.late:
        yield (
            f"{found.late:,} labels came after their day was judged, and change nothing of that; with all "
            f"labels the mean gap of these days is {found.gap:+.3f}"
        )
    yield f"AUC of the newest days: {_measured(found.auc)}"
    yield f"log loss beside that of a constant: {_measured(found.log_loss)}"


def _calibration(one: Calibration) -> str:
    mean, low, high = one.bound.mean, one.bound.low, one.bound.high
    return (
        f"{one.slice}: calibration gap {mean:+.3f} ({low:+.3f} to {high:+.3f} at every look), newest week "
        f"{one.newest:+.3f}; evidence at most {one.capital:.0%} of an alarm; {one.days} days, which vary by "
        f"{_figure(one.spread)}"
    )


def _measured(one: Measured) -> str:
    low, high = map(_figure, one.interval())
    return f"{_figure(one.value)} ({low} to {high})"


def _figure(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "unknown"
