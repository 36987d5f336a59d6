"""Rows as the bodies that servers take, and scores out of their answers. Pure: no sockets, no files.

A row is a flight as JSON has it: numbers, texts, None for a missing number.
"""

import csv
import io
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.service.features import CATEGORIES, NAMES, NUMBERS

Row = dict[str, Any]
Rows = list[Row]
AS_JSON = {"Content-Type": "application/json"}
HEADER_LENGTH = "Inference-Header-Content-Length"


@dataclass(frozen=True)
class Body:
    """What is posted."""

    content: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Wire:
    """One way to ask a server: where, how rows become a body, how an answer becomes scores."""

    name: str
    path: str
    encode: Callable[[Rows], Body]
    decode: Callable[[bytes], list[float]]


def records(rows: Rows) -> Body:
    """`{"instances": [{...}, ...]}`: SageMaker's and our own JSON."""
    return Body(_json({"instances": rows}), AS_JSON)


def frame_split(rows: Rows) -> Body:
    """MLflow's `dataframe_split`, the smaller and quicker of its JSON forms."""
    return Body(_json({"dataframe_split": {"columns": list(NAMES), "data": _values(rows)}}), AS_JSON)


def columns(rows: Rows) -> Body:
    """`{"columns": {name: [...], ...}}`: BentoML's data frame, column by column."""
    return Body(_json({"columns": {name: [row[name] for row in rows] for name in NAMES}}), AS_JSON)


def json_lines(rows: Rows) -> Body:
    """One object a line."""
    return Body(b"\n".join(map(_json, rows)) + b"\n", {"Content-Type": "application/jsonlines"})


def comma_separated(rows: Rows) -> Body:
    """CSV with a header line; a missing number is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(NAMES)
    writer.writerows(["" if value is None else value for value in row] for row in _values(rows))
    return Body(text.getvalue().encode(), {"Content-Type": "text/csv"})


def npy(rows: Rows) -> Body:
    """NumPy's format: an array with a field for each feature; a missing number is NaN."""
    width = {name: max(1, *(len(row[name]) for row in rows)) for name in CATEGORIES}
    fields = [(name, f"<U{width[name]}" if name in width else "<f4") for name in NAMES]
    filled = [tuple(np.nan if value is None else value for value in row) for row in _values(rows)]
    target = io.BytesIO()
    np.save(target, np.array(filled, fields), allow_pickle=False)
    return Body(target.getvalue(), {"Content-Type": "application/x-npy", "Accept": "application/json"})


def parquet(rows: Rows) -> Body:
    """Parquet, as pyarrow writes it."""
    import pyarrow.parquet as pq

    target = io.BytesIO()
    pq.write_table(_table(rows), target)
    headers = {"Content-Type": "application/vnd.apache.parquet", "Accept": "application/json"}
    return Body(target.getvalue(), headers)


def arrow(rows: Rows) -> Body:
    """An Arrow stream."""
    import pyarrow as pa

    table, target = _table(rows), io.BytesIO()
    with pa.ipc.new_stream(target, table.schema) as stream:
        stream.write_table(table)
    headers = {"Content-Type": "application/vnd.apache.arrow.stream", "Accept": "application/json"}
    return Body(target.getvalue(), headers)


def open_inference(rows: Rows) -> Body:
    """The Open Inference Protocol's JSON: one tensor for each feature."""
    return Body(_json({"inputs": _tensors(rows)}), AS_JSON)


def mlserver_frame(rows: Rows) -> Body:
    """The same, for MLServer's scikit-learn runtime: a data frame, and the probabilities are wanted."""
    tensors = [
        tensor | {"parameters": {"content_type": "str"}} if tensor["datatype"] == "BYTES" else tensor
        for tensor in _tensors(rows)
    ]
    asked = {"parameters": {"content_type": "pd"}, "inputs": tensors, "outputs": [{"name": "predict_proba"}]}
    return Body(_json(asked), AS_JSON)


def open_inference_binary(rows: Rows) -> Body:
    """The protocol's binary extension: a JSON header, then the tensors' bytes."""
    blobs = [_blob(name, [row[name] for row in rows]) for name in NAMES]
    tensors = [
        {key: tensor[key] for key in ("name", "shape", "datatype")}
        | {"parameters": {"binary_data_size": len(blob)}}
        for tensor, blob in zip(_tensors(rows), blobs, strict=True)
    ]
    head = _json({"inputs": tensors})
    headers = {"Content-Type": "application/octet-stream", HEADER_LENGTH: str(len(head))}
    return Body(head + b"".join(blobs), headers)


def predictions(answer: bytes) -> list[float]:
    """Scores of `{"predictions": [...]}`; of two classes' probabilities the second."""
    found = json.loads(answer)["predictions"]
    return [float(score[1] if isinstance(score, list) else score) for score in found]


def bare_list(answer: bytes) -> list[float]:
    """Scores of `[...]`."""
    return [float(score) for score in json.loads(answer)]


def lines(answer: bytes) -> list[float]:
    """Scores, one a line: CSV or JSON lines."""
    return [float(line) for line in answer.split()]


def first_output(answer: bytes) -> list[float]:
    """Scores of an Open Inference answer: its first tensor; of two classes' probabilities the second."""
    output = json.loads(answer)["outputs"][0]
    every = len(output["shape"]) == 2 and output["shape"][1] == 2
    return [float(score) for score in (output["data"][1::2] if every else output["data"])]


def _values(rows: Rows) -> list[list[Any]]:
    return [[row[name] for name in NAMES] for row in rows]


def _tensors(rows: Rows) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "shape": [len(rows), 1],
            "datatype": "BYTES" if name in CATEGORIES else "FP32",
            "data": [row[name] for row in rows],
        }
        for name in NAMES
    ]


def _blob(name: str, values: list[Any]) -> bytes:
    if name in NUMBERS:
        return np.array(values, "<f4").tobytes()
    texts = [value.encode() for value in values]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def _table(rows: Rows) -> Any:
    import pyarrow as pa

    kinds = {name: pa.string() if name in CATEGORIES else pa.float32() for name in NAMES}
    return pa.table({name: pa.array([row[name] for row in rows], kinds[name]) for name in NAMES})


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False).encode()
