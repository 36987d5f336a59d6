"""Saves the model for `mlflow models serve`: `mlflow_save.py FOLDER`; BENCH_FLAVOUR says which."""

import os
import sys
from typing import Any

import joblib
import mlflow
from rows import FOLDER, Graph


class OnnxModel(mlflow.pyfunc.PythonModel):
    """A data frame in, scores out."""

    def load_context(self, context: Any) -> None:
        self._graph = Graph()

    def predict(self, context: Any, model_input: Any, params: Any = None) -> list[float]:
        return self._graph.score_columns(model_input)


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
        )
