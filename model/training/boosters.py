"""XGBoost's and LightGBM's estimators in a service's pipeline: how they become a graph and how they are kept.

Both libraries are optional, and so is onnxmltools, which has their converters for skl2onnx. A library that
the pipeline did not import is not in it, so nothing is imported here that the service does not use.
"""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

INSTALLS = {
    "xgboost": "xgboost-cpu==3.2.0",
    "lightgbm": "lightgbm==4.7.0",
    "onnxmltools": "onnxmltools==1.16.0",
}
"""The optional packages by what is imported, as they are tried here. xgboost itself, which brings a GPU's
libraries of hundreds of MB, is the same for a graph."""
LIBRARIES = ("xgboost", "lightgbm")
TRUSTED = [
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRFClassifier",
    "xgboost.sklearn.XGBRFRegressor",
    "xgboost.sklearn.XGBRegressor",
]
"""Their types in a skops file. A booster is kept as its library's own text or bytes, which hold no code."""


def versions(pipeline: BaseEstimator) -> dict[str, str]:
    """The libraries that `pipeline` has estimators of, with their versions."""
    used = {_library(estimator) for estimator in _all(pipeline)} & set(LIBRARIES)
    return {name: sys.modules[name].__version__ for name in sorted(used)}


def steady(pipeline: BaseEstimator) -> None:
    """Have its boosters fit on one thread, where the service says no number: what more threads add up differs
    in the last bits. LightGBM's progress goes to its logger and no longer to stdout, where results are."""
    for estimator in _all(pipeline):
        if _library(estimator) in LIBRARIES and getattr(estimator, "n_jobs", 1) is None:
            estimator.set_params(n_jobs=1)
    if lightgbm := sys.modules.get("lightgbm"):
        lightgbm.register_logger(logging.getLogger("lightgbm"))


def converts() -> bool:
    """Whether the converters of both libraries are installed."""
    return find_spec("onnxmltools") is not None


def register() -> None:
    """Have skl2onnx know the estimators of the libraries that are loaded; none without onnxmltools."""
    if not converts():
        return
    if "xgboost" in sys.modules:
        _register_xgboost()
    if "lightgbm" in sys.modules:
        _register_lightgbm()


def _register_xgboost() -> None:
    from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
    from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier, XGBRFRegressor

    def convert(scope: Any, operator: Any, container: Any) -> None:
        # It reads features by their place, and refuses names, which a pipeline of data frames gives them.
        booster = operator.raw_operator.get_booster()
        names, booster.feature_names = booster.feature_names, None
        try:
            convert_xgboost(scope, operator, container)
        finally:
            booster.feature_names = names

    for estimator in (XGBClassifier, XGBRFClassifier):
        _classifier(estimator, convert)
    for estimator in (XGBRegressor, XGBRFRegressor):
        _regressor(estimator, convert)


def _register_lightgbm() -> None:
    from lightgbm import LGBMClassifier, LGBMRegressor
    from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm

    def convert(scope: Any, operator: Any, container: Any) -> None:
        convert_lightgbm(scope, operator, _Exact(container))

    _classifier(LGBMClassifier, convert)
    _regressor(LGBMRegressor, convert, options={"split": None})


class _Exact:
    """A container of a graph in which a tree splits float32 values exactly as LightGBM does.

    Its thresholds are float64 and lie half-way between values. A graph's are float32: rounded to the nearest
    one, some would be the value above, and send it the wrong way. Rounded down, none of them does.
    """

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, *arguments: Any, **attributes: Any) -> None:
        if thresholds := attributes.get("nodes_values"):
            attributes["nodes_values"] = [float(value) for value in _rounded_down(thresholds)]
        self._container.add_node(*arguments, **attributes)


def _rounded_down(thresholds: Sequence[float]) -> NDArray[np.float32]:
    """The largest float32 at or below each: for a float32 x, x <= threshold says the same of both."""
    exact = np.asarray(thresholds, dtype=np.float64)
    with np.errstate(over="ignore"):  # what is beyond float32 is infinite, or the largest one there is
        nearest = exact.astype(np.float32)
    return np.where(nearest > exact, np.nextafter(nearest, np.float32(-np.inf)), nearest)


def _classifier(estimator: type, convert: Callable[..., None]) -> None:
    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes

    options = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
    shapes = calculate_linear_classifier_output_shapes
    update_registered_converter(estimator, estimator.__name__, shapes, convert, options=options)


def _regressor(estimator: type, convert: Callable[..., None], options: dict[str, Any] | None = None) -> None:
    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import calculate_linear_regressor_output_shapes

    shapes = calculate_linear_regressor_output_shapes
    update_registered_converter(estimator, estimator.__name__, shapes, convert, options=options)


def _all(pipeline: BaseEstimator) -> Iterator[Any]:
    """The pipeline and every estimator in it, however deep."""
    yield pipeline
    yield from (value for value in pipeline.get_params().values() if isinstance(value, BaseEstimator))


def _library(estimator: object) -> str:
    return type(estimator).__module__.partition(".")[0]
