"""`skeleton`: is a tumour malignant? Put your own data, features and bounds here.

docs/own-model.md says what each of these is for, and what a service can say besides.
"""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.contract import BinaryBounds, Data, Feature, Output, Rows, Service, Split
from model.space import Real, Space, Whole

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def _number(name: str, description: str, example: float) -> Feature:
    return Feature(name, "number", False, description, example)


class Skeleton(Service):
    """569 tumours of a bundled data set of scikit-learn, as a microscope's image shows their cells."""

    name = "skeleton"
    kind = "binary"
    label = "malignant"
    output = Output("malignant", "probability that the tumour is malignant")
    features = (
        _number("radius", "mean distance from the centre to the border", 17.99),
        _number("texture", "standard deviation of the grey values", 10.38),
        _number("smoothness", "how much the radius changes from place to place", 0.1184),
        _number("compactness", "perimeter squared by area, less 1", 0.2776),
        _number("concavity", "how deep the border's dents are", 0.3001),
        _number("symmetry", "how alike both halves are", 0.2419),
    )
    models = ("logistic", "forest")
    yardstick = "logistic"
    bounds = BinaryBounds(auc=0.9, log_loss=0.6, calibration=0.1, gain=-0.02)

    def load(self, cache: Path) -> Data:
        """Comes with scikit-learn: nothing is fetched, and nothing is worth a place in the cache."""
        from sklearn.datasets import load_breast_cancer

        frame = load_breast_cancer(as_frame=True).frame
        table = frame[[f"mean {name}" for name in self.names]].set_axis(list(self.names), axis="columns")
        table = table.assign(**{self.label: 1 - frame["target"]})  # the source says 1 for benign
        return Data(table, f"scikit-learn-{version('scikit-learn')}")

    def split(self, options: Mapping[str, str], champion: Mapping[str, Any] | None) -> Split:
        """The rows are in no order of time, so every fifth one tests: the same ones for every model."""
        train = _every_fifth("rows 0, 1 and 2 of every 5", 0, 1, 2)
        return Split(
            train=train,
            validation=_every_fifth("every fourth row of 5", 3),
            test=_every_fifth("every fifth row of 5", 4),
            history=train,
        )

    def build(self, model: str) -> "Pipeline":
        """A logistic model, and a forest that it is compared with."""
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler

        forest = RandomForestClassifier(100, min_samples_leaf=5, random_state=0)
        last = {"logistic": LogisticRegression(), "forest": forest}[model]
        return Pipeline([("scale", StandardScaler()), ("model", last)])

    def space(self, model: str) -> Space:
        """What ./slipway tune may try of a pipeline's parameters."""
        leaf = {"model__min_samples_leaf": Whole(1, 20)}
        return leaf if model == "forest" else {"model__C": Real(0.01, 100.0, log=True)}


def _every_fifth(label: str, *places: int) -> Rows:
    return Rows(label, lambda table: table[(table.index % 5).isin(places)])


SERVICE = Skeleton()
