"""What a service may declare: its features, and besides what it needs, of its data, of groups to treat alike.

Everything but the features has a default that says nothing, so a service that declares none works as before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

ColumnType = Literal["number", "text", "time"]
"""What a column holds, as far as training has to know."""


@dataclass(frozen=True)
class Feature:
    """One input. Numbers may be missing (NaN) when `nullable`; a category never is."""

    name: str
    kind: Literal["number", "category"]
    nullable: bool
    description: str
    example: float | str
    """Of one real row; of a sensitive feature made up, as golden requests send it and everybody reads it."""
    sensitive: Literal["drop", "hash"] | None = None
    """What becomes of a value before a request is kept (docs/monitoring.md#capture)."""

    @property
    def told(self) -> dict[str, Any]:
        """What `schema.json` holds of it: that it is sensitive only where it is."""
        return {name: one for name, one in asdict(self).items() if name != "sensitive" or one}


@dataclass(frozen=True)
class SourceFile:
    """A file that `load` reads. It is looked at before: whether it is whole, has its columns and fits."""

    path: Path
    columns: tuple[str, ...] = ()
    """Those that `load` reads."""
    separator: str = ","
    """Of a CSV's cells."""
    encoding: str = "utf-8"
    """Of a CSV."""
    chunked: bool = False
    """Whether `load` reads it in chunks and keeps a part: then it may be larger than the memory."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the table is held against before anything is fitted, besides features and label."""

    types: Mapping[str, ColumnType] = field(default_factory=dict)
    """Columns besides the features that have to be there, and what each holds."""
    time: str | None = None
    """The column that says when a row happened: rows are in its order, and none is of the future."""
    keys: tuple[str, ...] = ()
    """Columns that together name one row: no two rows have the same, and none both trains and tests."""
    least_rows: int = 1
    """Fewer rows than these mean that the data was cut off on its way."""
    known: Mapping[str, float] = field(default_factory=dict)
    """At least this share of a column is not missing: less means that a join found nothing."""

    @property
    def columns(self) -> Mapping[str, ColumnType | None]:
        """Every column that is declared here, with its type where one is."""
        named = dict.fromkeys((*self.keys, *self.known))
        return {**named, **({self.time: "time"} if self.time else {}), **self.types}


@dataclass(frozen=True, kw_only=True)
class Protected:
    """A column whose groups of people the model must treat alike, and how far apart they may lie.

    A bound that is None is not judged; the measure is in the fairness table all the same.
    """

    column: str
    what: str
    """One group, in a word."""
    threshold: float | None = None
    """Of a probability: a row with this score or more is selected."""
    selected: str | None = None
    """Of several classes: the one that matters to people. A row is selected where it is the most probable,
    its label is 1 where it is the right one, and its probability is the score. Declare a column once for
    each class that matters."""
    least_rows: int = 100
    """A measure of a group that rests on fewer test rows is told as too small, and not judged."""
    selection_rate: float | None = None
    """At most so far apart may the shares of selected rows lie."""
    true_positive_rate: float | None = None
    """At most so far apart may the selected shares of the rows that are 1 lie."""
    false_positive_rate: float | None = None
    """At most so far apart may the selected shares of the rows that are 0 lie."""
    calibration_gap: float | None = None
    """At most so far apart may mean score less base rate lie."""
    accuracy: float | None = None
    """Of several classes: at most so far apart may the shares of rows that are answered rightly lie."""
    mean_error: float | None = None
    """Of a number: at most so far apart may mean score less mean label lie, in the label's own unit."""
    absolute_error: float | None = None
    """Of a number: at most so far apart may the mean absolute errors lie, in the label's own unit."""


RATES = ("selection_rate", "true_positive_rate", "false_positive_rate", "calibration_gap")
ERRORS = ("mean_error", "absolute_error")
FAIRNESS: Mapping[str, tuple[str, ...]] = {
    "binary": RATES,
    "regression": ERRORS,
    "multiclass": (*RATES, "accuracy"),
}
"""The measures of a group that a kind of service has, each the name of its bound in `Protected`."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What only people can say of a model: its card quotes it."""

    intended_use: str = ""
    out_of_scope: tuple[str, ...] = ()
    """What it must not be used for."""
    limits: tuple[str, ...] = ()
    """Where it is known to be wrong, or not known to be right."""
    owner: str = ""
    """Who answers for it."""
    data_source: str = ""
    """Where the data comes from, and under which terms."""


TAKEN = frozenset(
    {"service", "model", "champion", "with", "trackers", "out", "json", "traceback", "help"}
    | {
        "on",
        "stage",
        "spot",
        "max-minutes",
        "again",
        "execution",
        "take",
        "resume",
        "set",
        "trials",
        "seed",
        "parallel",
    }
    | {"endpoint", "until", "because", "event", "finding", "no-commit"}
)
"""Options of `./slipway train`, `tune` and `retrain` for any service, which none can have for its own."""


BOUNDS = tuple(dict.fromkeys(name for names in FAIRNESS.values() for name in names))
"""Every bound that there is."""


def revealed(features: Sequence[Feature], told: Sequence[str]) -> list[str]:
    """The sensitive features whose values the evidence would name, as slices or groups of this name."""
    return [
        f"its feature {feature.name!r} is sensitive, and as a slice or a protected column its values would "
        "be named in the evidence: have load bring another column that only groups them, and name that"
        for feature in features
        if feature.sensitive and feature.name in told
    ]


def contradictions(kind: str, protected: tuple[Protected, ...], classes: tuple[str, ...]) -> list[str]:
    """What contradicts itself in the protected columns of a service of this kind and these classes."""
    found = []
    for each in protected:
        name = f"its protected column {each.column!r}"
        others = [bound for bound in BOUNDS if bound not in FAIRNESS[kind]]
        if foreign := [bound for bound in others if getattr(each, bound) is not None]:
            found.append(f"{name} bounds {', '.join(foreign)}, which a {kind} service has not")
        if kind == "binary" and each.threshold is None:
            found.append(f"{name} needs a threshold: from which score on a row is selected")
        if kind == "multiclass" and each.selected not in classes:
            found.append(f"{name} needs selected, the class that matters, of {', '.join(classes)}")
        if kind != "multiclass" and each.selected is not None:
            found.append(f"{name} selects the class {each.selected!r}, and a {kind} service has none")
        bounds = [getattr(each, bound) for bound in BOUNDS]
        if any(bound is not None and bound < 0 for bound in bounds):
            found.append(f"{name} has a bound below 0, which no model keeps")
        if each.least_rows < 2:
            found.append(f"{name} needs least_rows of 2 or more: one row has no spread")
    return found
