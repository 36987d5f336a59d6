"""`skeleton`: which vine is a wine of? Put your own data, features and bounds here.

docs/own-model.md says what each of these is for, and what a service can say besides.
"""

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.contract import Data, Feature, MulticlassBounds, Output, Rows, Service, Split
from model.space import Space, Whole

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

VINES = ("barolo", "grignolino", "barbera")


def _number(name: str, description: str, example: float) -> Feature:
    return Feature(name, "number", False, description, example)


class Skeleton(Service):
    """178 wines of a bundled data set of scikit-learn, as a laboratory found them."""

    name = "skeleton"
    kind = "multiclass"
    label = "vine"
    output = Output("vine", "which vine the wine is of", classes=VINES)
    features = (
        _number("alcohol", "per cent", 14.23),
        _number("malic_acid", "grams a litre", 1.71),
        _number("ash", "grams a litre", 2.43),
        _number("magnesium", "milligrams a litre", 127.0),
        _number("total_phenols", "a measure of their amount", 2.8),
        _number("hue", "ratio of two colours", 1.04),
    )
    models = ("logistic", "forest")
    yardstick = "logistic"
    bounds = MulticlassBounds(auc=0.9, log_loss=0.6, accuracy=0.2, recall=0.5, calibration=0.15, gain=-0.03)

    def load(self, cache: Path) -> Data:
        """Comes with scikit-learn: nothing is fetched, and nothing is worth a place in the cache."""
        from sklearn.datasets import load_wine

        frame = load_wine(as_frame=True).frame
        table = frame[list(self.names)].assign(**{self.label: frame["target"].map(dict(enumerate(VINES)))})
        digest = hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()
        return Data(table, f"scikit-learn-{version('scikit-learn')}-{digest[:12]}")

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
        """A logistic model, and a forest that it is compared with, which needs no scale."""
        from sklearn.compose import ColumnTransformer
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler

        if model == "logistic":
            return Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())])
        columns = ColumnTransformer([("numbers", "passthrough", list(self.numbers))])
        forest = RandomForestClassifier(100, min_samples_leaf=3, random_state=0)
        return Pipeline([("columns", columns), ("model", forest)])

    def space(self, model: str) -> Space:
        """What ./slipway tune may try of a pipeline's parameters."""
        return {"model__min_samples_leaf": Whole(1, 20)} if model == "forest" else {}


def _every_fifth(label: str, *places: int) -> Rows:
    return Rows(label, lambda table: table[(table.index % 5).isin(places)])


SERVICE = Skeleton()
