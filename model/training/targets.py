"""scikit-learn's regressor that learns a function of the label, the logarithm mostly, as a part of a graph.

skl2onnx has no converter for it, since the way back may be any function: here it is one of those that a graph
has an operator for.
"""

from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor

BACK = {np.exp: "numpy.exp", np.expm1: "numpy.expm1", np.square: "numpy.square"}
"""The functions that lead back to the label, as `inverse_func`."""


def problem(estimator: TransformedTargetRegressor) -> str | None:
    """Why it cannot be a part of a graph, or None."""
    if estimator.transformer is None and estimator.inverse_func in BACK:
        return None
    return f"its inverse_func has to be {', '.join(BACK.values())}, and it can have no transformer"


def register() -> None:
    """Have skl2onnx know it."""
    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import calculate_linear_regressor_output_shapes

    name, shapes = "TransformedTargetRegressor", calculate_linear_regressor_output_shapes
    update_registered_converter(TransformedTargetRegressor, name, shapes, _convert)


def _convert(scope: Any, operator: Any, container: Any) -> None:
    from skl2onnx import get_model_alias
    from skl2onnx.common.data_types import FloatTensorType

    fitted = operator.raw_operator
    inner = scope.declare_local_operator(get_model_alias(type(fitted.regressor_)), fitted.regressor_)
    inner.inputs = list(operator.inputs)
    inner.outputs.append(scope.declare_local_variable("learned", FloatTensorType()))
    learned, answer = inner.outputs[0].full_name, operator.outputs[0].full_name

    def node(kind: str, inputs: list[str], output: str) -> None:
        container.add_node(kind, inputs, output, name=scope.get_unique_operator_name(kind))

    if fitted.inverse_func is np.exp:
        node("Exp", [learned], answer)
    elif fitted.inverse_func is np.square:
        node("Mul", [learned, learned], answer)
    elif fitted.inverse_func is np.expm1:
        power, one = (scope.get_unique_variable_name(name) for name in ("power", "one"))
        container.add_initializer(one, 1, [], [1.0])  # 1: float
        node("Exp", [learned], power)
        node("Sub", [power, one], answer)
    else:
        raise NotImplementedError(problem(fitted))
