"""What a stage's file says of how an endpoint's answers are held against what really happened. Pure."""

from typing import Annotated

from pydantic import Field, StringConstraints

from release.domain.values import Data

Truth = Annotated[str, StringConstraints(pattern=r"^s3://[a-z0-9][a-z0-9.-]{2,62}(/|$)")]
Spread = Annotated[float, Field(gt=0, le=1)]
Hours = Annotated[float, Field(gt=0, le=24 * 366)]


class QualitySettings(Data):
    """How good the live release is, by truth that comes late (docs/monitoring.md)."""

    truth: Truth | None = None
    """A folder in S3 with what really happened, as JSON lines or CSV; without one quality is not measured."""
    slices: tuple[str, ...] = ()
    """Features of few values, such as an airport: quality is told for each value, too."""
    tolerance: Annotated[float, Field(gt=0, lt=1)] | None = None
    """So far the mean score may lie from the base rate; by default as far as the release's calibration gate
    allows, or .05."""
    spread_above: Spread = 0.1
    """How far a day's distance lies above the usual one where nothing is wrong, as a standard deviation; of
    the flights measured on January to July. The command tells what it is of yours."""
    spread_below: Spread = 0.13
    """The same below: a storm makes more flights late than a calm day makes early."""
    slice_spread: Spread = 0.055
    """The same of a slice beside all rows of its day, on both sides."""
    false_alarms: Annotated[float, Field(gt=0, le=0.5)] = 0.05
    """The probability that calibration alarms, ever, of a release that is within the tolerance; the same
    again for all slices together, and for AUC and log loss together."""
    settle_hours: Hours = 48
    """So long after its end a day's labels are waited for; then it is judged by those that have come."""
    unknown_after_hours: Hours = 72
    """A label whose row was not captured waits so long for it, once all hours up to it are read; then it is
    quarantined by name."""
    least_rows: Annotated[int, Field(ge=1)] = 200
    """A day with fewer labels is not judged."""
    least_slice_rows: Annotated[int, Field(ge=1)] = 30
    """A slice's day with fewer labels is not judged."""
    least_labelled: Annotated[float, Field(ge=0, le=1)] = 0.5
    """A day of which a smaller share has labels is not judged: those that came first may be others than the
    rest."""
    window_days: Annotated[int, Field(ge=7, le=366)] = 28
    """Of the rolling AUC and log loss."""
