"""A regressor that learned a function of the label answers with the label, in the graph too."""

from typing import Any

import numpy as np
import pytest

from model.skeletons.regression.service import Skeleton
from model.training.convertible import refuse_unconvertible
from model.training.errors import ExportError
from model.training.options import TrainOptions
from model.training.train import train
from tests.model.training.served import differences

pytestmark = pytest.mark.sandbox

FUNCTIONS: dict[str, Any] = {
    "exp": (np.log, np.exp),
    "expm1": (np.log1p, np.expm1),
    "square": (np.sqrt, np.square),
    "cbrt": (lambda label: label**3, np.cbrt),
    "identity": (None, None),
}


class Transformed(Skeleton):
    models = tuple(FUNCTIONS)
    yardstick = None
    last: Any = None
    """The regressor within; LightGBM's where there is none."""

    def build(self, model: str) -> Any:
        from lightgbm import LGBMRegressor
        from sklearn.compose import TransformedTargetRegressor

        pipeline = super().build("linear")
        func, inverse_func = FUNCTIONS[model]
        within = self.last or LGBMRegressor(n_estimators=40, max_depth=2)
        last = TransformedTargetRegressor(within, func=func, inverse_func=inverse_func)
        pipeline.steps[-1] = ("model", last)
        return pipeline


@pytest.mark.parametrize("model", ["exp", "expm1", "square"])
def test_it_is_trained_and_served(tmp_path, model):
    options = TrainOptions(model, out=tmp_path / "out", build=tmp_path, trackers=())
    result = train(Transformed(), options)
    # the mean of logarithms is not the logarithm of the mean: such answers are low, and the gate says so
    assert set(result.failed) <= {"calibration"}
    assert result.evidence["evaluation"]["test_r2"] > 0.3
    assert differences(tmp_path / "out", tmp_path) == []


@pytest.mark.parametrize("model", ["cbrt", "identity"])
def test_a_way_back_that_no_graph_has_is_named_before_anything_is_read(model):
    with pytest.raises(ExportError, match="its inverse_func has to be numpy"):
        refuse_unconvertible(Transformed(), model)


def test_the_regressor_within_needs_a_converter_too():
    from sklearn.kernel_ridge import KernelRidge

    class Within(Transformed):
        last = KernelRidge()

    with pytest.raises(ExportError, match="No converter turns sklearn's KernelRidge"):
        refuse_unconvertible(Within(), "exp")
