"""What is known of a release's quality: that something alarms, that nothing does, or nothing at all. Pure.

Days that nobody could judge are no sign that all is well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitoring.quality.reporting import Quality
from release.domain.quality_settings import QualitySettings

QUIET_DAYS = 3
"""So many settled days in a row without enough labels are no days off: somebody has to look."""

BEHIND = timedelta(days=1)
"""Hours that are not read for longer keep at least one day from being judged."""


class Known(StrEnum):
    """What is known. Its value is what people read."""

    ALARM = "alarm"
    """There are findings."""
    UNJUDGED = "not judged"
    """What should be judged by now is not: labels or hours are missing."""
    EARLY = "too early"
    """No day of the release is over, read and settled."""
    WELL = "nothing alarms"
    """The newest settled days are judged, and there is no finding."""


@dataclass(frozen=True)
class Reached:
    """How far rows and truth were read."""

    final: datetime | None
    """The hour before which all are read."""
    files: int
    labels: int
    troubles: int
    """Lines and files that say nothing."""


def known(quality: Quality, reached: Reached, settings: QualitySettings) -> tuple[Known, tuple[str, ...]]:
    """What is known, and why no more is."""
    why = tuple(_unjudged(quality, reached, settings))
    if quality.findings:
        return Known.ALARM, why
    if why:
        return Known.UNJUDGED, why
    if quality.judged:
        return Known.WELL, ()
    if reached.final is None:
        return Known.EARLY, ("No hour of captured records is read yet: begin ./slipway monitor every hour.",)
    hours = f"{settings.settle_hours:g} hours after its end, or after the first truth came"
    return Known.EARLY, (f"No day of this release is over and settled yet: a day is judged {hours}.",)


def _unjudged(quality: Quality, reached: Reached, settings: QualitySettings) -> Iterator[str]:
    if reached.final is not None and reached.final + BEHIND < quality.subject.until:
        hour = f"{reached.final:%Y-%m-%dT%H}"
        yield f"No hour from {hour} on is read: ./slipway monitor reads them, or names what is missing."
    if not reached.files and quality.rows:
        yield "No truth file was read: none lies where monitoring.quality.truth says."
        return
    newest = [one for one in quality.unjudged if not quality.judged or one.day > quality.judged[-1]]
    if not newest or (quality.judged and len(newest) < QUIET_DAYS):
        return
    if not reached.labels:
        yield f"All {reached.troubles:,} lines of its truth files say nothing; they lie in quarantine."
    last = newest[-1]
    which = f"The newest {len(newest)} settled days have" if len(newest) > 1 else "The newest settled day has"
    yield (
        f"{which} too few labels: of the newest, {last.day}, {last.labelled:,} of {last.rows:,} rows had a "
        f"label {settings.settle_hours:g} hours after its end, and {settings.least_rows:,} and "
        f"{settings.least_labelled:.0%} of them are asked for."
    )
    if quality.late:
        yield (
            f"{quality.late:,} labels came after their day was judged: raise settle_hours if that is usual."
        )
