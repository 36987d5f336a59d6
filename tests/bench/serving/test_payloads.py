"""Rows as bodies, read back by whoever defines the format."""

import io
import json
import struct

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bench.serving import payloads
from bench.serving.payloads import Rows
from model.service.features import CATEGORIES, NAMES, NUMBERS

ROWS: Rows = [
    {name: "EWR" if name in CATEGORIES else 1.5 for name in NAMES},
    {name: "LG" if name in CATEGORIES else None for name in NAMES},
]


def same(frame: pd.DataFrame) -> bool:
    """Whether a frame holds ROWS."""
    numbers = frame[list(NUMBERS)].to_numpy(float)
    texts = frame[list(CATEGORIES)].to_numpy().tolist()
    whole = bool((numbers[0] == 1.5).all() and np.isnan(numbers[1]).all())
    return list(frame.columns) == list(NAMES) and whole and texts == [["EWR"] * 3, ["LG"] * 3]


def test_json_forms_hold_the_rows() -> None:
    assert json.loads(payloads.records(ROWS).content) == {"instances": ROWS}
    split = json.loads(payloads.frame_split(ROWS).content)["dataframe_split"]
    assert same(pd.DataFrame(split["data"], columns=split["columns"]))
    assert same(pd.DataFrame(json.loads(payloads.columns(ROWS).content)["columns"]))
    lines = payloads.json_lines(ROWS).content.splitlines()
    assert [json.loads(line) for line in lines] == ROWS


def test_tables_hold_the_rows() -> None:
    assert same(pd.read_csv(io.BytesIO(payloads.comma_separated(ROWS).content), keep_default_na=True))
    assert same(pd.DataFrame(np.load(io.BytesIO(payloads.npy(ROWS).content), allow_pickle=False)))
    assert same(pd.read_parquet(io.BytesIO(payloads.parquet(ROWS).content)))
    assert same(pa.ipc.open_stream(payloads.arrow(ROWS).content).read_all().to_pandas())


def test_open_inference_holds_the_rows() -> None:
    inputs = json.loads(payloads.open_inference(ROWS).content)["inputs"]
    assert all(tensor["shape"] == [2, 1] for tensor in inputs)
    assert same(pd.DataFrame({tensor["name"]: tensor["data"] for tensor in inputs}))
    asked = json.loads(payloads.mlserver_frame(ROWS).content)
    assert asked["outputs"] == [{"name": "predict_proba"}]


def test_binary_tensors_lie_behind_their_header() -> None:
    body = payloads.open_inference_binary(ROWS)
    length = int(body.headers[payloads.HEADER_LENGTH])
    head, rest = json.loads(body.content[:length]), body.content[length:]
    sizes = [tensor["parameters"]["binary_data_size"] for tensor in head["inputs"]]
    assert sum(sizes) == len(rest)
    assert [tensor["name"] for tensor in head["inputs"]] == list(NAMES)
    assert rest[: sizes[0]] == struct.pack("<I", 3) + b"EWR" + struct.pack("<I", 2) + b"LG"
    assert np.frombuffer(rest[-sizes[-1] :], "<f4")[0] == 1.5


@pytest.mark.parametrize(
    ("decode", "answer"),
    [
        (payloads.predictions, b'{"predictions": [0.25, 0.5]}'),
        (payloads.predictions, b'{"predictions": [[0.75, 0.25], [0.5, 0.5]]}'),
        (payloads.bare_list, b"[0.25, 0.5]"),
        (payloads.lines, b"0.25\n0.5\n"),
        (payloads.first_output, b'{"outputs": [{"shape": [2], "data": [0.25, 0.5]}]}'),
        (payloads.first_output, b'{"outputs": [{"shape": [2, 2], "data": [0.75, 0.25, 0.5, 0.5]}]}'),
    ],
)
def test_scores_are_those_of_the_second_class(decode, answer: bytes) -> None:
    assert decode(answer) == [0.25, 0.5]
