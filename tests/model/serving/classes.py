"""The small model as one of three classes: its own probability, and three and one quarters of the rest."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.model.serving.examples import SCHEMA, expected, graph, write_artifact

CLASSES = ["red fox", "größer", "x,y"]
"""A space, a letter of Latin-1 and a comma, which have a meaning in some format."""
SCHEMA_OF_CLASSES: dict[str, Any] = SCHEMA | {
    "output": {"name": "animal", "description": "which it is", "kind": "probabilities", "classes": CLASSES}
}


def probabilities(row: dict[str, Any]) -> list[float]:
    """What the model says of a row, in double precision."""
    score = expected(row)
    return [score, 0.75 * (1 - score), 0.25 * (1 - score)]


def class_graph() -> bytes:
    """The model: one output of shape [rows, 3]."""
    made = onnx.load_from_string(graph())
    for name, values in (("times", [[1, -0.75, -0.25]]), ("plus", [0, 0.75, 0.25])):
        made.graph.initializer.append(numpy_helper.from_array(np.array(values, np.float32), name))
    del made.graph.node[-1], made.graph.output[:]
    made.graph.node.append(helper.make_node("MatMul", ["column", "times"], ["spread"]))
    made.graph.node.append(helper.make_node("Add", ["spread", "plus"], ["animal"]))
    made.graph.output.append(helper.make_tensor_value_info("animal", onnx.TensorProto.FLOAT, [None, 3]))
    onnx.checker.check_model(made)
    return made.SerializeToString()


def write_classes(folder: Path, schema: Any = SCHEMA_OF_CLASSES) -> Path:
    """Its unpacked artifact."""
    return write_artifact(folder, class_graph(), schema)
