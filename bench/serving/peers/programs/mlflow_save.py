"""Saves the model for `mlflow models serve`: `mlflow_save.py FOLDER`; BENCH_FLAVOUR says which.

Trees that learned from float32 answer differently to the same numbers in float64, so they get a signature.
"""

import os
import sys
from typing import Any

import joblib
import mlflow
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from rows import FEATURES, FOLDER, Graph


class OnnxModel(mlflow.pyfunc.PythonModel):
    """A data frame in, scores out."""

    def load_context(self, context: Any) -> None:
        self._graph = Graph()

    def predict(self, context: Any, model_input: Any, params: Any = None) -> list[float]:
        return self._graph.score_columns(model_input)


def signature() -> ModelSignature:
    """The features in float32; what may be missing is not required."""
    kinds = {"number": "float", "category": "string"}
    columns = [ColSpec(kinds[f["kind"]], f["name"], required=not f["nullable"]) for f in FEATURES]
    return ModelSignature(Schema(columns))


if __name__ == "__main__":
    if os.environ["BENCH_FLAVOUR"] == "onnx":
        mlflow.pyfunc.save_model(sys.argv[1], python_model=OnnxModel(), pip_requirements=[])
    else:
        mlflow.sklearn.save_model(
            joblib.load(FOLDER / "pipeline.joblib"),
            sys.argv[1],
            serialization_format="cloudpickle",
            pyfunc_predict_fn="predict_proba",
            pip_requirements=[],
            signature=signature() if os.environ["BENCH_KIND"] == "boosting" else None,
        )
