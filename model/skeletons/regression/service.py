"""`skeleton`: how far will a patient's diabetes have come? Put your own data, features and bounds here.

docs/own-model.md says what each of these is for, and what a service can say besides.
"""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.contract import Data, Feature, Output, RegressionBounds, Rows, Service, Split
from model.space import Space, Whole

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def _number(name: str, description: str, example: float) -> Feature:
    return Feature(name, "number", False, description, example)


class Skeleton(Service):
    """442 patients of a bundled data set of scikit-learn, with what was known of them at the start."""

    name = "skeleton"
    kind = "regression"
    label = "progression"
    output = Output("progression", "a measure of how far the disease has come in a year", 25.0, 346.0)
    features = (
        Feature("sex", "category", False, "1 or 2, as the source has it", "2"),
        _number("age", "years", 59.0),
        _number("bmi", "body mass index", 32.1),
        _number("bp", "mean blood pressure", 101.0),
        _number("s1", "total serum cholesterol", 157.0),
        _number("s2", "low-density lipoproteins", 93.2),
        _number("s3", "high-density lipoproteins", 38.0),
        _number("s4", "total cholesterol by high-density lipoproteins", 4.0),
        _number("s5", "logarithm of serum triglycerides", 4.86),
        _number("s6", "blood sugar", 87.0),
    )
    models = ("linear", "forest")
    yardstick = "linear"
    bounds = RegressionBounds(r2=0.3, mae=0.9, calibration=0.2, gain=-0.1)

    def load(self, cache: Path) -> Data:
        """Comes with scikit-learn: nothing is fetched, and nothing is worth a place in the cache."""
        from sklearn.datasets import load_diabetes

        table = load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": self.label})
        table = table.assign(sex=table["sex"].astype("int64").astype(str))
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
        """A linear model, and a forest that it is compared with."""
        from sklearn.compose import ColumnTransformer
        from sklearn.ensemble import RandomForestRegressor
        from sklearn.linear_model import LinearRegression
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        columns = ColumnTransformer(
            [
                ("categories", OneHotEncoder(handle_unknown="ignore"), list(self.categories)),
                ("numbers", StandardScaler(), list(self.numbers)),
            ]
        )
        forest = RandomForestRegressor(100, min_samples_leaf=5, random_state=0)
        return Pipeline(
            [("columns", columns), ("model", {"linear": LinearRegression(), "forest": forest}[model])]
        )

    def space(self, model: str) -> Space:
        """What ./slipway tune may try of a pipeline's parameters."""
        return {"model__min_samples_leaf": Whole(1, 20)} if model == "forest" else {}


def _every_fifth(label: str, *places: int) -> Rows:
    return Rows(label, lambda table: table[(table.index % 5).isin(places)])


SERVICE = Skeleton()
