"""What the peers' custom code shares: rows as JSON objects into a data frame or into our ONNX graph.

Written as a competent user of these servers would write it; it runs in the peers' own environments.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

FOLDER = Path(os.environ["BENCH_MODEL_DIR"])
FEATURES: list[dict[str, Any]] = json.loads((FOLDER / "schema.json").read_text())["features"]
NUMBERS = [feature["name"] for feature in FEATURES if feature["kind"] == "number"]
CATEGORIES = [feature["name"] for feature in FEATURES if feature["kind"] == "category"]


class Graph:
    """Our ONNX graph on one thread."""

    def __init__(self) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        path = str(FOLDER / "model.onnx")
        self._session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def score(self, rows: list[dict[str, Any]]) -> list[float]:
        """One score for each row; None is a missing number."""
        feed = {name: np.array([row[name] for row in rows], np.float32).reshape(-1, 1) for name in NUMBERS}
        for name in CATEGORIES:
            feed[name] = np.array([row[name] for row in rows], object).reshape(-1, 1)
        return self._session.run(["late"], feed)[0].tolist()

    def score_columns(self, columns: Any) -> list[float]:
        """One score for each row of a data frame, or of anything else that gives a column by its name."""
        feed = {name: np.asarray(columns[name], np.float32).reshape(-1, 1) for name in NUMBERS}
        for name in CATEGORIES:
            feed[name] = np.asarray(columns[name], object).reshape(-1, 1)
        return self._session.run(["late"], feed)[0].tolist()


class Pipeline:
    """The fitted scikit-learn pipeline, from joblib as these servers' documents do."""

    def __init__(self) -> None:
        import joblib
        import pandas as pd

        self._pipeline = joblib.load(FOLDER / "pipeline.joblib")
        self._frame = pd.DataFrame
        self._types = dict.fromkeys(NUMBERS, "float32")

    def score(self, rows: list[dict[str, Any]]) -> list[float]:
        """One score for each row; None is a missing number."""
        return self.score_columns(self._frame(rows))

    def score_columns(self, frame: Any) -> list[float]:
        """One score for each row of a data frame."""
        return self._pipeline.predict_proba(frame.astype(self._types))[:, 1].tolist()
