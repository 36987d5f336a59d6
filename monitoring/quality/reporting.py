"""Days of counts to what is told of a release's quality: a report, and findings. Pure.

Three questions, each with an error of its own (`false_alarms`) over the whole life of a release:

    calibration  is the mean score the base rate, up to the tolerance?             day by day
    slices       does a slice lie further from it than all rows of its day do?     day by day, all slices
    ranking      AUC below the gate's bound, log loss above that of a constant?    at the end of each window
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import numpy as np

from monitoring.finding import Finding
from monitoring.hours import day_begins, day_ends
from monitoring.quality import calibration, measures
from monitoring.quality.calibration import Bound, Gaps
from monitoring.quality.days import AGES, ALL, Day, merged
from monitoring.quality.measures import Measured
from release.domain.quality_settings import QualitySettings

SLICES = 64
"""The slices share their error in so many parts, whether there are as many or not: which ones there will be
is not known before. Of more the first ones are judged: which they are does not change with later days."""
TOLERANCE = 0.05
"""Where neither the stage's file nor the release's gates say one."""


@dataclass(frozen=True)
class Promised:
    """What the release's evaluation and gates said of it; None where they said nothing."""

    calibration: float | None = None
    """The bound of the calibration gate."""
    auc: float | None = None
    """The bound of the AUC gate."""
    base_rate: float | None = None
    """Of its test rows: the constant that log loss is compared with."""


@dataclass(frozen=True)
class Subject:
    """Whose quality is told, until when."""

    endpoint: str
    release: str
    until: datetime
    """The moment from which one looks."""


@dataclass(frozen=True)
class Counts:
    """The days of an endpoint that are over, read and settled."""

    now: Iterable[Day]
    """With all labels that there are ..."""
    judged: Iterable[Day]
    """... and as they were when each was judged."""


@dataclass(frozen=True)
class Calibration:
    """Of all rows or one slice, the days that were judged."""

    slice: str
    days: int
    rows: int
    tolerance: float
    bound: Bound
    """Of the mean of all these days, valid at every look."""
    newest: float
    """The mean of the newest seven of them."""
    spread: float
    """How much they really vary about their mean."""
    capital: float
    """The evidence that it is too high or too low, as a share of what alarms."""
    finding: Finding | None = None

    @property
    def subject(self) -> str:
        """What a finding about it is called."""
        return _called(self.slice)


@dataclass(frozen=True)
class Unjudged:
    """A settled day that is not judged, as it was then."""

    day: date
    rows: int
    labelled: int


@dataclass(frozen=True)
class Quality:
    """What is known of the quality of a release."""

    subject: Subject
    rows: int
    invalid: int
    labelled: int
    corrected: int
    """Rows of which an earlier label said otherwise than the one that holds."""
    repeated: int
    """Rows of records that repeat an earlier one of their inference id."""
    late: int
    """Labels that came after their day was judged: no judgement counts them ..."""
    gap: float
    """... but the mean gap of the days that are judged, by all labels that there are."""
    ages: tuple[int, ...]
    """Labels by age, as in `monitoring.quality.days.AGES`."""
    scores_all: float
    scores_labelled: float
    """The mean score of all rows, and of those with a label: far from each other where labels are missing of
    certain rows."""
    judged: tuple[date, ...]
    unjudged: tuple[Unjudged, ...]
    """Days that had too few labels when they were settled."""
    calibration: Calibration | None
    slices: tuple[Calibration, ...]
    left_out: int
    """Slices beyond the first `SLICES`, which are not judged."""
    auc: Measured
    log_loss: Measured
    """Of the newest window, the log loss over that of the constant."""
    findings: tuple[Finding, ...] = field(default=())


def assess(counts: Counts, subject: Subject, settings: QualitySettings, promised: Promised) -> Quality:
    """The quality of one release. What alarms goes by the days as they were judged, in their order: a day
    more changes nothing that was said of those before it."""
    now = [day for day in merged(counts.now) if day.release == subject.release]
    frozen = [day for day in merged(counts.judged) if day.release == subject.release]
    every = [day for day in now if day.slice == ALL]
    known = [day for day in frozen if day.slice == ALL]
    judged = [day for day in known if _enough(day, settings)]
    whole = _whole(judged, subject, settings, promised)
    seats, left_out = _seats(judged, frozen, settings)
    slices = _slices(judged, seats, subject, settings, promised)
    window = judged[-settings.window_days :]
    ranking = _ranking(judged, subject, settings, promised)
    found = [one.finding for one in (whole, *slices) if one and one.finding]
    total, labelled = sum(day.rows - day.invalid for day in every), sum(day.labelled for day in every)
    days = {day.day for day in judged}
    of_judged = [day for day in every if day.day in days and day.labelled]
    ages = sum((day.ages for day in every), np.zeros(len(AGES) + 1, np.int64))
    return Quality(
        subject=subject,
        rows=sum(day.rows for day in every),
        invalid=sum(day.invalid for day in every),
        labelled=labelled,
        corrected=sum(day.corrected for day in every),
        repeated=sum(day.repeated for day in every),
        late=max(0, labelled - sum(day.labelled for day in known)),
        gap=_share(sum(day.gap for day in of_judged), len(of_judged)),
        ages=tuple(int(count) for count in ages),
        scores_all=_share(sum(day.all_scores for day in every), total),
        scores_labelled=_share(sum(day.scores for day in every), labelled),
        judged=tuple(day.day for day in judged),
        unjudged=tuple(
            Unjudged(day.day, day.rows, day.labelled) for day in known if not _enough(day, settings)
        ),
        calibration=whole,
        slices=tuple(slices),
        left_out=left_out,
        auc=measures.auc(window),
        log_loss=measures.log_loss_ratio(window, _constant(judged, settings, promised)),
        findings=(*found, *ranking),
    )


def _enough(day: Day, settings: QualitySettings) -> bool:
    share = _share(day.labelled, day.rows - day.invalid)
    return day.labelled >= settings.least_rows and share >= settings.least_labelled


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _constant(judged: Sequence[Day], settings: QualitySettings, promised: Promised) -> float:
    """What log loss is compared with: the evidence's base rate; without one that of the first window."""
    rate = promised.base_rate
    if rate is None:
        first = judged[: settings.window_days]
        rate = _share(sum(day.truths for day in first), sum(day.labelled for day in first))
    return min(max(rate, 1e-6), 1 - 1e-6)


def _tolerance(settings: QualitySettings, promised: Promised) -> float:
    return settings.tolerance or promised.calibration or TOLERANCE


def _whole(
    judged: Sequence[Day], subject: Subject, settings: QualitySettings, promised: Promised
) -> Calibration | None:
    gaps = gaps_of(judged, settings.spread_above, settings.spread_below)
    tolerance = _tolerance(settings, promised)
    return _calibrated(ALL, gaps, subject, tolerance, settings.false_alarms) if len(gaps) else None


def gaps_of(days: Sequence[Day], above: float, below: float) -> Gaps:
    """The days' calibration gaps, which vary upwards and downwards as said."""
    rows = np.array([day.labelled for day in days], dtype=np.int64)
    chance = np.array([day.variance for day in days])
    values = np.array([day.gap for day in days])
    variances = (calibration.variance(spread, chance, rows) for spread in (above, below))
    return Gaps(tuple(day.day for day in days), values, *variances, rows)


def _seats(
    judged: Sequence[Day], days: Sequence[Day], settings: QualitySettings
) -> tuple[dict[str, list[Day]], int]:
    """The days of the slices that are judged, and how many are left out.

    The slices that come first have the seats, those of one day by their rows: who has one keeps it.
    """
    enough = {day.day for day in judged}
    by_slice: dict[str, list[Day]] = {}
    for day in sorted(days, key=lambda one: (one.day, -one.labelled, one.slice)):
        if day.slice != ALL and day.day in enough and day.labelled >= settings.least_slice_rows:
            by_slice.setdefault(day.slice, []).append(day)
    return dict(list(by_slice.items())[:SLICES]), max(0, len(by_slice) - SLICES)


def _slices(
    judged: Sequence[Day],
    seats: Mapping[str, Sequence[Day]],
    subject: Subject,
    settings: QualitySettings,
    promised: Promised,
) -> list[Calibration]:
    """Each slice beside all rows of its day: what befell all of them is no slice's own trouble."""
    whole = {day.day: day.gap for day in judged}
    found = []
    for name in sorted(seats):
        gaps = gaps_of(seats[name], settings.slice_spread, settings.slice_spread)
        values = gaps.values - np.array([whole[day] for day in gaps.days])
        beside = replace(gaps, values=values)
        tolerance = _tolerance(settings, promised)
        found.append(_calibrated(name, beside, subject, tolerance, settings.false_alarms / SLICES))
    return found


def _calibrated(name: str, gaps: Gaps, subject: Subject, tolerance: float, error: float) -> Calibration:
    sides = [calibration.evidence(gaps, tolerance, side) for side in (1, -1)]
    first = [(place, side.side) for side in sides if (place := side.first(error / 2)) is not None]
    bound = calibration.bound(gaps, error)
    return Calibration(
        slice=name,
        days=len(gaps),
        rows=int(gaps.rows.sum()),
        tolerance=tolerance,
        bound=bound,
        newest=float(gaps.values[-7:].mean()),
        spread=float(gaps.values.std(ddof=1)) if len(gaps) > 1 else math.nan,
        capital=math.exp(max(float(side.log_capital.max()) for side in sides) - math.log(2 / error)),
        finding=_off(name, gaps, subject, tolerance, error, *min(first)) if first else None,
    )


def _called(name: str) -> str:
    return "calibration" if name == ALL else f"calibration {name}"


def _off(
    name: str, gaps: Gaps, subject: Subject, tolerance: float, error: float, place: int, side: int
) -> Finding:
    begin = calibration.began(gaps, tolerance, side, place)
    rows = int(gaps.rows[begin : place + 1].sum())
    gap = float(np.average(gaps.values[begin : place + 1], weights=gaps.rows[begin : place + 1]))
    what = "the mean score" if name == ALL else f"the mean score of {name}, beside that of all rows,"
    where = f"{abs(gap):.3f} {'above' if side > 0 else 'below'} the base rate"
    span = f"{rows:,} labelled rows from {gaps.days[begin]} to {gaps.days[place]}"
    return Finding(
        endpoint=subject.endpoint,
        release=subject.release,
        kind="quality",
        subject=_called(name),
        since=day_begins(gaps.days[begin]),
        noticed=day_ends(gaps.days[place]),
        summary=f"{what[0].upper()}{what[1:]} lies {where} in {span}; {tolerance:g} is tolerated.",
        evidence={
            "gap": gap,
            "tolerance": tolerance,
            "labelled_rows": rows,
            "days": place - begin + 1,
            "false_alarm_rate": error,
        },
    )


def _ranking(
    judged: Sequence[Day], subject: Subject, settings: QualitySettings, promised: Promised
) -> list[Finding]:
    """Windows one after the other; the k-th has the share 1 / (k (k + 1)) of the error, for both measures."""
    found: list[Finding] = []
    constant = _constant(judged, settings, promised)
    size = settings.window_days
    for k, start in enumerate(range(0, len(judged) - size + 1, size), 1):
        window = judged[start : start + size]
        error = settings.false_alarms / 2 / (k * (k + 1))
        auc, loss = measures.auc(window), measures.log_loss_ratio(window, constant)
        if promised.auc is not None and auc.below(promised.auc, error):
            text = f"The AUC of {{}} is {auc.value:.3f}, below the {promised.auc:g} that its gate asks for."
            found.append(_window(subject, "auc", text, window, auc, promised.auc, error))
        if loss.above(1.0, error):
            text = f"The log loss of {{}} is {loss.value:.3f} of that of always saying {constant:.3f}."
            found.append(_window(subject, "log_loss", text, window, loss, 1.0, error))
    return list({one.id: one for one in reversed(found)}.values())[::-1]


def _window(
    subject: Subject,
    name: str,
    text: str,
    window: Sequence[Day],
    measured: Measured,
    bound: float,
    error: float,
) -> Finding:
    rows = sum(day.labelled for day in window)
    return Finding(
        endpoint=subject.endpoint,
        release=subject.release,
        kind="quality",
        subject=name,
        since=day_begins(window[0].day),
        noticed=day_ends(window[-1].day),
        summary=text.format(f"{rows:,} labelled rows from {window[0].day} to {window[-1].day}"),
        evidence={
            name: measured.value,
            "standard_error": measured.error,
            "bound": bound,
            "labelled_rows": rows,
            "false_alarm_rate": error,
        },
    )
