"""From a fitted pipeline to the ONNX graph that serves, and scores from such a graph.

The graph has one input for each feature, by its name, shape (rows, 1): strings for categories, float32 for
numbers, NaN for a missing one. It has one output, `late`, shape (rows,): the probability. Encoding is in the
graph, so nothing outside of it can disagree about it. Conversion alone proves nothing (some set-ups convert
without an error and are wrong by 0.5): `parity` compares scores, and a gate checks the difference.
"""

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime as ort
import pandas as pd

from model.service.features import CATEGORIES, FEATURES, NUMBERS, SERVICE, inputs
from model.training.errors import ExportError
from model.training.evaluation import Scores

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

OUTPUT = "late"
OPSETS = {"": 17, "ai.onnx.ml": 3}
"""At most these: every ONNX Runtime since 1.13 loads them, and so do the servers that embed one."""


def to_onnx(pipeline: "Pipeline") -> bytes:
    """The graph of a fitted pipeline; the same pipeline gives the same bytes. Raises ExportError."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    kinds = {"category": StringTensorType, "number": FloatTensorType}
    try:
        with warnings.catch_warnings():
            # skl2onnx gives protobuf booleans for integers: deprecated in 6.x, refused in 7.
            warnings.simplefilter("ignore", DeprecationWarning)
            graph = convert_sklearn(
                pipeline,
                name=SERVICE,
                initial_types=[(feature.name, kinds[feature.kind]([None, 1])) for feature in FEATURES],
                options={"zipmap": False},
                target_opset=OPSETS,
            )
        return _single_output(graph).SerializeToString(deterministic=True)
    except Exception as error:  # the converter raises whatever its parts raise
        raise ExportError(
            f"The model cannot be turned into an ONNX graph: {type(error).__name__}: {error}",
            "There is nothing to serve, so nothing was written.",
            "Use steps in model/service/pipeline.py that skl2onnx supports, or protobuf 6.x.",
        ) from error


def _single_output(graph: onnx.ModelProto) -> onnx.ModelProto:
    """Replace the converter's outputs (label, both probabilities) by one: the probability of being late."""
    column = onnx.numpy_helper.from_array(np.array(1, dtype=np.int64), "late_column")
    graph.graph.initializer.append(column)
    pick = onnx.helper.make_node("Gather", ["probabilities", "late_column"], [OUTPUT], name="late", axis=1)
    graph.graph.node.append(pick)
    del graph.graph.output[:]
    graph.graph.output.append(onnx.helper.make_tensor_value_info(OUTPUT, onnx.TensorProto.FLOAT, [None]))
    # The converter keeps its operator sets in a set, whose order differs from process to process.
    opsets = sorted(graph.opset_import, key=lambda opset: opset.domain)
    del graph.opset_import[:]
    graph.opset_import.extend(opsets)
    onnx.checker.check_model(graph)
    return graph


class Scorer:
    """Scores rows with an ONNX graph, on one thread."""

    def __init__(self, graph: bytes) -> None:
        """Loads `graph`. Raises ExportError when ONNX Runtime refuses it."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions share no public base class
            raise ExportError(
                f"ONNX Runtime cannot load the graph: {error}",
                "There is nothing to compare or serve.",
                "Train the model again with the versions of model/requirements.txt.",
            ) from error
        self.inputs = tuple(node.name for node in self._session.get_inputs())
        self.outputs = tuple(node.name for node in self._session.get_outputs())

    def score(self, rows: pd.DataFrame) -> Scores:
        """The probability of being late for each row of `rows`, which hold the features as in the table."""
        frame = inputs(rows)
        feeds = {name: frame[[name]].to_numpy(dtype=object) for name in CATEGORIES}
        feeds |= {name: frame[[name]].to_numpy(dtype=np.float32) for name in NUMBERS}
        wanted = {name: feeds[name] for name in self.inputs}
        return np.asarray(self._session.run([OUTPUT], wanted)[0], dtype=np.float64)


def pipeline_scores(pipeline: "Pipeline", rows: pd.DataFrame) -> Scores:
    """What scikit-learn says about the same rows."""
    return pipeline.predict_proba(inputs(rows))[:, 1]


def parity(pipeline: "Pipeline", scorer: Scorer, samples: Iterable[pd.DataFrame]) -> float:
    """The largest difference between the graph's scores and scikit-learn's, NaN when any score is NaN."""
    worst = [np.abs(scorer.score(rows) - pipeline_scores(pipeline, rows)).max() for rows in samples]
    return float(np.max(worst))


def stressed(rows: pd.DataFrame, count: int = 2000) -> pd.DataFrame:
    """The first `count` rows made hard: half without numbers that may be missing, half unseen categories."""
    hard = rows.head(count).copy()
    half = len(hard) // 2
    nullable = [feature.name for feature in FEATURES if feature.nullable]
    hard.iloc[:half, [hard.columns.get_loc(name) for name in nullable]] = np.nan
    hard.iloc[half:, [hard.columns.get_loc(name) for name in CATEGORIES]] = "??"
    return hard
