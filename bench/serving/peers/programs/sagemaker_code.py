"""`inference.py` for sagemaker-inference-toolkit: the four functions that it asks for.

BENCH_FLAVOUR says which model they load.
"""

import io
import json
import os
from typing import Any

import pandas as pd
from rows import Graph, Pipeline


def model_fn(model_dir: str) -> Any:
    """The model; its files are in BENCH_MODEL_DIR."""
    return Graph() if os.environ["BENCH_FLAVOUR"] == "onnx" else Pipeline()


def input_fn(input_data: Any, content_type: str) -> Any:
    """JSON as a list of rows, CSV as a data frame."""
    text = input_data.decode() if isinstance(input_data, bytes | bytearray) else input_data
    if content_type == "text/csv":
        return pd.read_csv(io.StringIO(text), keep_default_na=True)
    return json.loads(text)["instances"]


def predict_fn(data: Any, model: Any) -> list[float]:
    """One score for each row."""
    return model.score(data) if isinstance(data, list) else model.score_columns(data)


def output_fn(prediction: list[float], accept: str) -> tuple[str, str]:
    """Always JSON."""
    return json.dumps({"predictions": prediction}), "application/json"
