"""What training measured of a model for its card, as a manifest holds it (`card`). Pure.

Read leniently: a part that this version does not know is passed over, one that is not there says nothing.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

MEASURES = (
    *("selection_rate", "true_positive_rate", "false_positive_rate", "calibration_gap"),
    *("accuracy", "mean_error", "absolute_error"),
)
"""Of the groups of a protected attribute, in the order in which people read them."""


class Part(BaseModel):
    """Base of all parts."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Measured(Part):
    """A value with its interval of 95 %, measured on `rows` rows; None where it could not be."""

    value: float | None = None
    error: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0


class Statement(Part):
    """What the service declares of itself."""

    intended_use: str = ""
    out_of_scope: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    owner: str = ""
    data_source: str = ""


class Main(Part):
    """The measure that ranks models, on the test rows."""

    name: str = ""
    word: str = ""
    measured: Measured = Measured()


class Slice(Part):
    """One value of a slice; `measured` is None where it has too few rows."""

    column: str
    value: str
    rows: int
    floor: float | None = None
    measured: Measured | None = None


class Bin(Part):
    """A tenth of the test rows: mean score beside mean label."""

    score: float
    label: Measured


class Group(Part):
    """One group of a protected attribute; a measure is None where it has too few rows."""

    name: str
    rows: int
    label: Measured
    measures: Mapping[str, Measured | None]


class Fairness(Part):
    """The groups of one protected attribute."""

    column: str
    what: str = ""
    threshold: float | None = None
    selected: str | None = None
    least_rows: int = 0
    bounds: Mapping[str, float | None] = {}
    groups: tuple[Group, ...] = ()


class DataPart(Part):
    """Rows that train, validate or test."""

    name: str
    label: str = ""
    rows: int = 0
    first: str | float | None = None
    last: str | float | None = None


class Column(Part):
    """What a column held in the rows that the model learned from."""

    name: str
    type: str = ""
    description: str = ""
    nullable: bool = False
    missing: float | None = None
    low: float | None = None
    high: float | None = None
    values: int | None = None
    most: tuple[tuple[str, float], ...] = ()
    sensitive: bool = False
    """Whether nothing of its values is told."""


class DataSheet(Part):
    """What the data was."""

    version: str = ""
    sha256: str = ""
    rows: int = 0
    first: str | float | None = None
    last: str | float | None = None
    parts: tuple[DataPart, ...] = ()
    columns: tuple[Column, ...] = ()


class Spread(Part):
    """How the scores of the drift reference lie: 5, 50 and 95 %, and their mean."""

    mean: float | None = None
    low: float | None = None
    middle: float | None = None
    high: float | None = None


class Reference(Part):
    """The sample in the artifact that drift is measured by."""

    file: str = ""
    sha256: str = ""
    rows: int = 0
    columns: int = 0
    score: Spread = Spread()


class CardEvidence(Part):
    """Everything of it. The default is that of a release from before there were cards."""

    format: int = 0
    model: str = ""
    kind: str = ""
    statement: Statement = Statement()
    data: DataSheet = DataSheet()
    main: Main = Main()
    slices: tuple[Slice, ...] = ()
    calibration: tuple[Bin, ...] = ()
    fairness: tuple[Fairness, ...] = ()
    reference: Reference = Reference()

    @property
    def known(self) -> bool:
        """Whether training measured anything for the card."""
        return self.format > 0


def of(card: Mapping[str, Any]) -> CardEvidence:
    """The card's part of a manifest. Raises pydantic's ValidationError (a ValueError) where it is none."""
    return CardEvidence.model_validate(card)
