"""A body that is not what its sender called it is refused, and the refusal names the remedy."""

import bz2
import gzip
import io
import json
import lzma
import time
import zipfile
import zlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.serving.application import Application, Request
from model.serving.predictor import Model
from tests.model.serving.asking import ask, error, scores
from tests.model.serving.examples import OTHER, ROW, expected, instances

LINE = json.dumps(ROW).encode()
FRAME = pd.DataFrame([ROW, OTHER])
SPLIT = {"columns": list(ROW), "data": [list(ROW.values())]}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _frame(orient: Any) -> bytes:
    text = FRAME.to_json(orient=orient)
    assert text
    return text.encode()


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("rows.json", instances(ROW))
    return buffer.getvalue()


TENSORS = [{"name": "size", "shape": [1], "datatype": "FP32", "data": [1]}]
JSON_BODIES = {
    "json lines": (LINE + b"\n" + LINE, "application/jsonlines"),
    "json lines, CRLF": (LINE + b"\r\n" + LINE + b"\r\n", "application/jsonlines"),
    "json lines, a mark": (b"\xef\xbb\xbf" + LINE + b"\n" + LINE, "application/jsonlines"),
    "json lines, blank lines": (LINE + b"\n\n\n" + LINE, "application/jsonlines"),
    "json lines that curl -d joined": (LINE + LINE, "application/jsonlines"),
    "json lines of lists": (b"[1,2]\n[3,4]", "application/jsonlines"),
    "json lines of bodies": (instances(ROW) + b"\n" + instances(ROW), "application/jsonlines"),
    "orient=split": (_frame("split"), '{"dataframe_split": {...}}'),
    "orient=split without an index": (_json(SPLIT), '{"dataframe_split": {...}}'),
    "orient=records": (_frame("records"), '{"instances": [...]}'),
    "orient=values": (_frame("values"), '{"instances": [...]}'),
    "orient=columns": (_frame("columns"), 'orient="split" as {"dataframe_split"'),
    "orient=index": (_frame("index"), 'orient="split" as {"dataframe_split"'),
    "orient=table": (_frame("table"), 'orient="split" as {"dataframe_split"'),
    "to_dict list": (_json(FRAME.fillna(0).to_dict("list")), '{"inputs": {...}}'),
    "split under instances": (_json({"instances": SPLIT}), '"dataframe_split" and not "instances"'),
    "split under inputs": (_json({"inputs": SPLIT}), '"dataframe_split" and not "inputs"'),
    "split under input_data": (_json({"input_data": SPLIT}), '"dataframe_split" and not "input_data"'),
    "rows under data": (_json({"data": [ROW]}), '"instances" and not under "data"'),
    "rows under features": (_json({"features": [1, 2]}), '"instances" and not under "features"'),
    "upper case": (_json({"Instances": [ROW]}), 'lower case: "instances"'),
    "tensors": (_json({"inputs": TENSORS}), "/v2/models/NAME/infer"),
    "encoded twice": (_json(instances(ROW).decode()), "encoded twice"),
    "a frame encoded twice": (_json({"dataframe_split": json.dumps(SPLIT)}), "encoded twice"),
    "instances encoded twice": (_json({"instances": json.dumps([ROW])}), "encoded twice"),
    "a Python dict": (str({"instances": [ROW]}).encode(), "json.dumps"),
    "Python bytes": (str(instances(ROW)).encode(), "json.dumps"),
    "Python's None": (b'{"instances": [{"colour": "red", "size": 1, "shape": None}]}', "json.dumps"),
    "csv": (b"colour,shape,size,weight\nred,round,3,1.5\n", "text/csv"),
    "csv without a header": (b"red,round,3,1.5\n", "text/csv"),
    "a form": (b"colour=red&size=3", "form"),
    "UTF-16": (instances(ROW).decode().encode("utf-16"), "UTF-8"),
    "UTF-16 without a mark": (instances(ROW).decode().encode("utf-16-le"), "UTF-8"),
}


@pytest.mark.parametrize(("body", "remedy"), JSON_BODIES.values(), ids=JSON_BODIES.keys())
def test_called_json(toys: Model, body: bytes, remedy: str) -> None:
    fault = error(ask(toys, body))
    assert fault["status"] == 400
    assert remedy in fault["message"]


@pytest.mark.parametrize(
    "remedied",
    [
        (b"%b\n%b" % (LINE, LINE), "application/jsonlines"),
        (b'{"dataframe_split": %b}' % _json(SPLIT), "application/json"),
        (b'{"dataframe_split": %b}' % _frame("split"), "application/json"),
        (b'{"instances": %b}' % _frame("records"), "application/json"),
        (b'{"instances": %b}' % _frame("values"), "application/json"),
        (b'{"inputs": %b}' % _json(FRAME.astype(object).where(FRAME.notna(), None).to_dict("list")), ""),
        (b"colour,shape,size,weight\nred,round,3,1.5\n", "text/csv"),
    ],
    ids=range(7),
)
def test_the_remedies_work(toys: Model, remedied: tuple[bytes, str]) -> None:
    body, content_type = remedied
    found = scores(ask(toys, body, content_type=content_type, accept="application/json"))
    assert found[0] == pytest.approx(expected(ROW), abs=1e-6)


COMPRESSED = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda body: pa.compress(body, "zstd", asbytes=True),
}


@pytest.mark.parametrize("content_type", ["application/json", "text/csv", "application/jsonlines", ""])
@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed_and_not_said_so(toys: Model, name: str, content_type: str) -> None:
    fault = error(ask(toys, COMPRESSED[name](instances(ROW)), content_type=content_type))
    assert (fault["status"], fault["code"]) == (400, "invalid_encoding")
    for part in (f"compressed ({name})", "uncompressed", "SageMaker"):
        assert part in fault["message"]
    assert ("with Content-Encoding" in fault["message"]) is (name in ("gzip", "deflate"))


def test_an_archive(toys: Model) -> None:
    assert "zip archive" in error(ask(toys, _zip()))["message"]
    assert "zip archive" in error(ask(toys, _zip(), content_type="application/x-npy"))["message"]


@pytest.mark.parametrize(
    "content_type", ["application/x-npy", "application/x-parquet", "application/vnd.apache.arrow.stream"]
)
def test_tables_compressed_as_a_whole(toys: Model, content_type: str) -> None:
    fault = error(ask(toys, gzip.compress(b"PAR1" * 100), content_type=content_type))
    assert "compressed (gzip)" in fault["message"]


def test_compressed_and_said_so_otherwise(toys: Model) -> None:
    answer = ask(toys, gzip.compress(instances(ROW)), content_encoding="deflate")
    assert "not compressed in deflate" in error(answer)["message"]


def _written(write: Any) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


TABLE = pa.table({"size": [1.0]})
TYPED = {
    "application/vnd.apache.parquet": lambda: _written(lambda into: pq.write_table(TABLE, into)),
    "application/x-npy": lambda: _written(lambda into: np.save(into, np.zeros(3))),
    "application/vnd.apache.arrow.stream": lambda: _written(
        lambda into: pa.ipc.new_stream(into, TABLE.schema).write_table(TABLE)
    ),
    "application/vnd.apache.arrow.file": lambda: _written(
        lambda into: pa.ipc.new_file(into, TABLE.schema).write_table(TABLE)
    ),
}


@pytest.mark.parametrize("called", ["application/json", "text/csv", ""])
@pytest.mark.parametrize("media", TYPED)
def test_a_table_called_something_else(toys: Model, media: str, called: str) -> None:
    assert f"send Content-Type {media}" in error(ask(toys, TYPED[media](), content_type=called))["message"]


def test_no_remedy_where_none_is_known(toys: Model) -> None:
    for body in (b"x", b"{", b"[", b"\xff", b'"a"', b"7", b"[1]", b"{}", b'{"x": 1}', b"[[]]"):
        assert len(error(ask(toys, body))["message"]) < 180


def test_a_broken_handler_path_still_says_404(toys: Model) -> None:
    application = Application(lambda: True)
    application.ready(toys)
    assert application.respond(Request("POST", "/x", {}, gzip.compress(b"{}"))).status == 404


@pytest.mark.parametrize(
    "text",
    [
        b'{"inputs": [' + b"NaN," * 2000 + b'"' + b'\\"' * 200_000,
        b'{"inputs": [NaN, "' + b"\\\\" * 200_000,
        b'{"inputs": [' + b'"NaN\\"", ' * 30_000,
        b'{"inputs": ' + b"\xef\xbb\xbf" * 100_000,
    ],
    ids=range(4),
)
def test_refusing_takes_no_long_time(toys: Model, text: bytes) -> None:
    """What looks for NaN outside texts is linear, also in what is no JSON."""
    begun = time.process_time()
    assert error(ask(toys, text))["status"] == 400
    assert time.process_time() - begun < 2
