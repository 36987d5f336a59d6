"""Models that no gate and no golden request can tell from a good one: callers can, and a judge.

Each is a copy of a trained model whose graph was changed behind its score; the evidence of the copy is that
of the good one.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from demo.bad_models import with_evidence, with_golden

SHIFT = 0.15
BETWEEN_MILES = (1_577.0, 2_300.0)
FAILS_BETWEEN_MILES = (1_086.0, 1_182.0)
SIDE = 420
"""Side of the matrices that the slow one multiplies: some milliseconds on one core."""
GRAPH, CHECKSUMS, SCORE, RAW = "model.onnx", "checksums.json", "late", "late_before"

Change = Callable[[onnx.GraphProto], None]


def shifted(source: Path, target: Path) -> Path:
    """Every score is .15 higher, at most 1; its golden requests say so too."""

    def change(graph: onnx.GraphProto) -> None:
        _constants(graph, shift=np.float32(SHIFT), one=np.float32(1))
        graph.node.append(helper.make_node("Add", [RAW, "shift"], ["raised"]))
        graph.node.append(helper.make_node("Min", ["raised", "one"], [SCORE]))

    _changed(source, target, change)
    return with_golden(target, target, _shift_scores)


def broken_half_way(source: Path, target: Path) -> Path:
    """For flights of 1,577 to 2,300 miles the score is not a number; no golden request is about one."""

    def change(graph: onnx.GraphProto) -> None:
        least, most = map(np.float32, BETWEEN_MILES)
        _constants(graph, least=least, most=most, nan=np.float32(np.nan), flat=np.array([-1], np.int64))
        graph.node.append(helper.make_node("Cast", ["distance"], ["miles"], to=onnx.TensorProto.FLOAT))
        graph.node.append(helper.make_node("Reshape", ["miles", "flat"], ["each"]))
        graph.node.append(helper.make_node("Greater", ["each", "least"], ["far"]))
        graph.node.append(helper.make_node("Less", ["each", "most"], ["not_too_far"]))
        graph.node.append(helper.make_node("And", ["far", "not_too_far"], ["between"]))
        graph.node.append(helper.make_node("Where", ["between", "nan", RAW], [SCORE]))

    return _changed(source, target, change)


def failing(source: Path, target: Path) -> Path:
    """For flights of 1,086 to 1,182 miles (one of twenty) the graph fails: the server answers 500.

    No golden request is about one.
    """

    def change(graph: onnx.GraphProto) -> None:
        least, most = map(np.float32, FAILS_BETWEEN_MILES)
        _constants(graph, least=least, most=most, flat=np.array([-1], np.int64), first=np.int64(0))
        _constants(graph, far_off=np.int64(1_000_000))
        graph.node.append(helper.make_node("Cast", ["distance"], ["miles"], to=onnx.TensorProto.FLOAT))
        graph.node.append(helper.make_node("Reshape", ["miles", "flat"], ["each"]))
        graph.node.append(helper.make_node("Greater", ["each", "least"], ["far"]))
        graph.node.append(helper.make_node("Less", ["each", "most"], ["not_too_far"]))
        graph.node.append(helper.make_node("And", ["far", "not_too_far"], ["between"]))
        graph.node.append(helper.make_node("Where", ["between", "far_off", "first"], ["index"]))
        graph.node.append(helper.make_node("Gather", ["one", "index"], ["nothing"], axis=0))
        graph.node.append(helper.make_node("Mul", [RAW, "nothing"], [SCORE]))
        _constants(graph, one=np.array([1], np.float32))

    return _changed(source, target, change)


def slow(source: Path, target: Path, side: int = SIDE) -> Path:
    """The same scores, some milliseconds later: `side` x `side` matrices are multiplied for every request."""

    def change(graph: onnx.GraphProto) -> None:
        matrix = np.random.default_rng(0).standard_normal((side, side)).astype(np.float32)
        _constants(graph, matrix=matrix, nothing=np.float32(0))
        graph.node.append(helper.make_node("ReduceMean", [RAW], ["mean"], keepdims=0))
        graph.node.append(helper.make_node("Add", ["matrix", "mean"], ["moved"]))
        graph.node.append(helper.make_node("MatMul", ["moved", "moved"], ["product"]))
        graph.node.append(helper.make_node("MatMul", ["product", "moved"], ["again"]))
        graph.node.append(helper.make_node("ReduceMean", ["again"], ["waste"], keepdims=0))
        graph.node.append(helper.make_node("Mul", ["waste", "nothing"], ["zero"]))
        graph.node.append(helper.make_node("Add", [RAW, "zero"], [SCORE]))

    return _changed(source, target, change)


WORSE: Mapping[str, Callable[[Path, Path], Path]] = {
    "errors": failing,
    "score": shifted,
    "invalid": broken_half_way,
    "latency": slow,
}
"""By the metric that has to give each away."""


def _changed(source: Path, target: Path, change: Change) -> Path:
    """A copy of a trained model with another graph, whose own checksums and evidence hold."""
    with tarfile.open(source / "model.tar.gz") as archive:
        files = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        contents = {name: file.read() for name, file in files.items() if file}
    model = onnx.load_model_from_string(contents[GRAPH])
    for node in model.graph.node:
        node.output[:] = [RAW if name == SCORE else name for name in node.output]
    change(model.graph)
    onnx.checker.check_model(model)
    contents[GRAPH] = model.SerializeToString()
    sums = json.loads(contents[CHECKSUMS])
    sums["files"][GRAPH] = hashlib.sha256(contents[GRAPH]).hexdigest()
    contents[CHECKSUMS] = json.dumps(sums).encode()
    with_evidence(source, target, lambda evidence: None)
    with tarfile.open(target / "model.tar.gz", "w:gz") as archive:
        for name, content in contents.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    data = (target / "model.tar.gz").read_bytes()
    record = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    return with_evidence(target, target, lambda evidence: evidence.update(model=record))


def _constants(graph: onnx.GraphProto, **values: Any) -> None:
    for name, value in values.items():
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))


def _shift_scores(golden: dict[str, Any]) -> None:
    for request in golden["requests"]:
        request["scores"] = [min(score + SHIFT, 1.0) for score in request["scores"]]
