"""From a fitted pipeline to the ONNX graph that serves, and scores from such a graph.

The graph has one input for each feature, by its name, shape (rows, 1): strings for categories, float32 for
numbers, NaN for a missing one. It has one output, named by the service, shape (rows,): the probability, or
the number; of several classes (rows, classes). Encoding is in the graph, so nothing outside of it can
disagree about it. Conversion alone proves nothing (some set-ups convert without an error and are wrong by
0.5): `parity` compares scores, and a gate checks the difference.
"""

import time
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime as ort
import pandas as pd

from model.contract import Service
from model.training import boosters, postprocessing, targets
from model.training.errors import ExportError
from model.training.kinds.measures import Scores
from model.training.kinds.table import measures_of

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

TIMED = 30
"""Answers of which the quickest is a model's latency."""
OPSETS = {"": 17, "ai.onnx.ml": 3}
"""At most these: every ONNX Runtime since 1.13 loads them, and so do the servers that embed one."""


def to_onnx(service: Service, pipeline: "Pipeline") -> bytes:
    """The graph of a fitted pipeline; the same pipeline gives the same bytes. Raises ExportError."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    boosters.register()
    targets.register()
    kinds = {"category": StringTensorType, "number": FloatTensorType}
    try:
        with warnings.catch_warnings():
            # skl2onnx gives protobuf booleans for integers: deprecated in 6.x, refused in 7.
            warnings.simplefilter("ignore", DeprecationWarning)
            graph = convert_sklearn(
                pipeline,
                name=service.name,
                initial_types=[
                    (feature.name, kinds[feature.kind]([None, 1])) for feature in service.features
                ],
                options=None if service.kind == "regression" else {"zipmap": False},
                target_opset=OPSETS,
            )
        return _single_output(graph, service).SerializeToString(deterministic=True)
    except Exception as error:  # the converter raises whatever its parts raise
        raise ExportError(
            f"The model cannot be turned into an ONNX graph: {type(error).__name__}: {error}",
            "There is nothing to serve, so nothing was written.",
            "Use steps in the service's pipeline that have a converter (docs/own-model.md), or protobuf 6.x.",
        ) from error


def _single_output(graph: onnx.ModelProto, service: Service) -> onnx.ModelProto:
    """Replace the converter's outputs by one with a score for each row: of a label and both probabilities the
    second probability, of a column of numbers the column, of several classes all of their probabilities."""
    name, shape = service.output.name, [None]
    source = graph.graph.output[0].name if service.kind == "regression" else "probabilities"
    if service.kind == "multiclass":
        shape = [None, len(service.output.classes)]
        pick = onnx.helper.make_node("Identity", [source], [name], name=name)
    else:
        column = np.array(1 if service.kind == "binary" else 0, dtype=np.int64)
        graph.graph.initializer.append(onnx.numpy_helper.from_array(column, f"{name}_column"))
        score = f"{name}_score" if service.postprocessing else name
        pick = onnx.helper.make_node("Gather", [source, f"{name}_column"], [score], name=score, axis=1)
    graph.graph.node.append(pick)
    if service.postprocessing:
        postprocessing.append(graph.graph, service.postprocessing, pick.output[0], name)
    del graph.graph.output[:]
    graph.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
    # The converter keeps its operator sets in a set, whose order differs from process to process.
    opsets = sorted(graph.opset_import, key=lambda opset: opset.domain)
    del graph.opset_import[:]
    graph.opset_import.extend(opsets)
    onnx.checker.check_model(graph)
    return graph


class Scorer:
    """Scores rows of a service with an ONNX graph, on one thread."""

    def __init__(self, graph: bytes, service: Service) -> None:
        """Loads `graph`. Raises ExportError when ONNX Runtime refuses it."""
        self._service = service
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
        self.size = len(graph)
        """Of the graph, in bytes."""
        self.inputs = tuple(node.name for node in self._session.get_inputs())
        self.outputs = tuple(node.name for node in self._session.get_outputs())

    def score(self, rows: pd.DataFrame) -> Scores:
        """The score of each row of `rows`, which hold the features as in the table."""
        return self._run(self._feeds(rows))

    def milliseconds(self, row: pd.DataFrame) -> float:
        """The least time in which the graph answers one row; other work on the machine cannot shorten it."""
        feeds, seconds = self._feeds(row), []
        for _ in range(TIMED):
            started = time.perf_counter()
            self._run(feeds)
            seconds.append(time.perf_counter() - started)
        return 1000 * min(seconds)

    def _feeds(self, rows: pd.DataFrame) -> dict[str, Any]:
        service, frame = self._service, self._service.inputs(rows)
        feeds = {name: frame[[name]].to_numpy(dtype=object) for name in service.categories}
        feeds |= {name: frame[[name]].to_numpy(dtype=np.float32) for name in service.numbers}
        return {name: feeds[name] for name in self.inputs}

    def _run(self, feeds: dict[str, Any]) -> Scores:
        return np.asarray(self._session.run([self._service.output.name], feeds)[0], dtype=np.float64)


def pipeline_scores(service: Service, pipeline: "Pipeline", rows: pd.DataFrame) -> Scores:
    """What scikit-learn says about the same rows, postprocessed as the graph does."""
    with warnings.catch_warnings():
        # LightGBM makes up names where the step before gives none, and then misses them.
        warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
        scores = measures_of(service).predict(pipeline, service.inputs(rows))
    return postprocessing.applied(service.postprocessing, scores)


def parity(service: Service, pipeline: "Pipeline", scorer: Scorer, samples: Iterable[pd.DataFrame]) -> float:
    """The largest difference between the graph's scores and scikit-learn's, in parts of the output's span;
    NaN when any score is NaN."""
    worst = [np.abs(scorer.score(rows) - pipeline_scores(service, pipeline, rows)).max() for rows in samples]
    return float(np.max(worst)) / service.output.span


def stressed(service: Service, rows: pd.DataFrame, count: int = 2000) -> pd.DataFrame:
    """The first `count` rows made hard: half without numbers that may be missing, half unseen categories."""
    hard = rows.head(count).copy()
    half = len(hard) // 2
    nullable = [feature.name for feature in service.features if feature.nullable]
    hard.iloc[:half, [hard.columns.get_loc(name) for name in nullable]] = np.nan
    hard.iloc[half:, [hard.columns.get_loc(name) for name in service.categories]] = "??"
    return hard
