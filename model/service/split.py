"""Which months train, which validate, which test. Pure calendar arithmetic; no data.

The test month is one that no compared model has seen, after everything that any of them learned from:
the order in which a deployed model meets the world. Training that ends by June is tested on August
(validated on July), so that releases are compared on the same rows; training that ends later is tested
on the second month after its last. September to December are otherwise left alone: they are the
service's production traffic.
"""

import re
from dataclasses import dataclass
from datetime import date

from model.service.errors import MonthsError

YEAR = 2013
VALIDATION_MONTH = 7
LAST_MONTH = 12


@dataclass(frozen=True)
class Months:
    """Calendar months `first` to `last` of 2013, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


@dataclass(frozen=True)
class Split:
    """Training months, and the months that validate and test what was trained."""

    train: Months
    validation: int
    test: int

    @property
    def history(self) -> Months:
        """Every month that was there to learn from, used or not: what the yardstick is trained on."""
        return Months(1, self.validation - 1)

    @property
    def behind_days(self) -> int:
        """Days between the last training month and the test month."""
        return (date(YEAR, self.test, 1) - date(YEAR, self.train.last + 1, 1)).days


DEFAULT_MONTHS = Months(1, 6)


def parse_months(text: str, option: str = "--months") -> Months:
    """`"1-6"` or `"6"` as Months. Raises MonthsError for anything else, and for months that do not exist."""
    match = re.fullmatch(r"\s*(\d{1,2})\s*(?:-\s*(\d{1,2})\s*)?", text)
    if match:
        months = Months(int(match[1]), int(match[2] or match[1]))
        if 1 <= months.first <= months.last <= LAST_MONTH:
            return months
    raise MonthsError(
        f"{option} {text!r} names no months of the year.",
        "Nothing was trained.",
        f"Give a first and a last month from 1 to 12, for example {option} 1-6.",
    )


def growing(until: str | None) -> Months:
    """From January to the month `until`; None: to the last one after which two are left to measure on.

    A window that slides would be shorter and no better: docs/retraining.md has the measurements.
    """
    return Months(1, parse_months(until, "--until").last if until else LAST_MONTH - 2)


def split_months(train: Months, champion: Months | None = None) -> Split:
    """Where to validate and test a model trained on `train`, and the champion trained on `champion`.

    Raises MonthsError when no two months are left after both.
    """
    last = max(train.last, champion.last if champion else 0)
    validation = max(last + 1, VALIDATION_MONTH)
    if validation + 1 > LAST_MONTH:
        whose = "the champion's training" if champion and champion.last > train.last else f"--months {train}"
        raise MonthsError(
            f"{whose} ends in month {last}: there are not two later months to validate and test on.",
            "Nothing was trained: a model is never evaluated on rows that it, or its champion, learned from.",
            f"Let the training end in month {LAST_MONTH - 2} or before, as in --months {DEFAULT_MONTHS}.",
        )
    return Split(train, validation, validation + 1)
