"""What a service does with its scores is done in the graph as to scikit-learn's, and to no others."""

import re
from math import log
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from model import artifact, finding
from model.errors import ServiceError
from model.postprocessing import Calibrate, Clip, Postprocessing, Scale
from model.skeletons.binary.service import Skeleton
from model.skeletons.regression.service import Skeleton as Numbers
from model.training.assessment import fit
from model.training.export import pipeline_scores, to_onnx
from model.training.options import TrainOptions
from model.training.postprocessing import append, applied
from model.training.train import train
from tests.conftest import ROOT
from tests.model.training.served import differences

pytestmark = pytest.mark.sandbox

SCORES = np.array([0.0, 1e-6, 0.2, 0.5, 0.9, 1 - 1e-6, 1.0])


def in_a_graph(postprocessing: tuple[Postprocessing, ...], scores: np.ndarray) -> np.ndarray:
    """What a graph of nothing else makes of the scores."""
    score, answer = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None])
        for name in ("score", "answer")
    )
    graph = onnx.helper.make_graph([], "g", [score], [answer])
    append(graph, postprocessing, "score", "answer")
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 16)], ir_version=8)
    onnx.checker.check_model(model)
    session = ort.InferenceSession(model.SerializeToString())
    return np.asarray(session.run(None, {"score": scores.astype(np.float32)})[0])


@pytest.mark.parametrize(
    ("postprocessing", "expected"),
    [
        ((), SCORES),
        ((Clip(0.1, 0.8),), [0.1, 0.1, 0.2, 0.5, 0.8, 0.8, 0.8]),
        ((Scale(-10, 3),), [3, 3 - 1e-5, 1, -2, -6, -7 + 1e-5, -7]),
        ((Calibrate(),), SCORES),
        ((Calibrate(intercept=log(3)),), [0, 3e-6, 3 / 7, 0.75, 27 / 28, 1, 1]),
        ((Calibrate(slope=2),), [0, 0, 1 / 17, 0.5, 81 / 82, 1, 1]),
        ((Scale(2), Clip(0, 1)), [0, 2e-6, 0.4, 1, 1, 1, 1]),
        ((Clip(0.2, 1), Scale(2)), [0.4, 0.4, 0.4, 1, 1.8, 2 - 2e-6, 2]),
    ],
    ids=str,
)
def test_graph_and_scores_come_to_the_same(postprocessing, expected):
    assert applied(postprocessing, SCORES) == pytest.approx(np.array(expected), abs=1e-6)
    assert in_a_graph(postprocessing, SCORES) == pytest.approx(np.array(expected), abs=1e-6)


def test_the_example_of_the_document_is_calibrated_again_and_served_so(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/own-model.md").read_text(), re.DOTALL)
    [example] = [block for block in blocks if "postprocessing = " in block]
    folder = tmp_path / "sampled_tumours"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "service.py").write_text(example)
    service = finding.load(folder)
    result = train(service, TrainOptions("forest", out=tmp_path / "out", build=tmp_path, trackers=()))
    assert result.passed, result.failed
    assert differences(tmp_path / "out", tmp_path) == []
    files = artifact.read((tmp_path / "out" / "model.tar.gz").read_bytes())
    assert b'"Calibrate"' in files[artifact.ABOUT]
    table = service.load(tmp_path).table
    split = service.split({}, None)
    pipeline, test = fit(service, "forest", table, split.train), split.test.select(table)
    answers = pipeline_scores(service, pipeline, test)
    uncorrected = pipeline.predict_proba(service.inputs(test))[:, 1]
    assert answers.min() == 0.001
    rate = test[service.label].mean()
    assert abs(answers.mean() - rate) < abs(uncorrected.mean() - rate) - 0.01


class Bounded(Numbers):
    """A number that cannot be what no patient has."""

    yardstick = None
    postprocessing = (Scale(1.5, -80), Clip(60, 200))


def test_a_number_is_measured_and_served_as_it_is_answered(tmp_path):
    result = train(Bounded(), TrainOptions("linear", out=tmp_path / "out", build=tmp_path, trackers=()))
    plain = train(Numbers(), TrainOptions("linear", out=tmp_path / "plain", build=tmp_path, trackers=()))
    assert result.evidence["evaluation"]["parity"] < 1e-6
    assert result.evidence["evaluation"]["test_mae"] != plain.evidence["evaluation"]["test_mae"]
    assert differences(tmp_path / "out", tmp_path) == []


def test_a_graph_without_it_is_refused_by_the_parity_gate(tmp_path, monkeypatch):
    real = to_onnx

    def forgetful(service: Any, pipeline: Any) -> bytes:
        return real(Numbers(), pipeline)

    monkeypatch.setattr("model.training.train.to_onnx", forgetful)
    result = train(Bounded(), TrainOptions("linear", out=tmp_path / "out", build=tmp_path, trackers=()))
    assert "parity" in result.failed


@pytest.mark.parametrize(
    ("base", "wrong", "part"),
    [
        (Skeleton, Scale(2), "Scale(factor=2, offset=0.0), which is nothing for binary answers"),
        (
            Numbers,
            Calibrate(),
            "Calibrate(slope=1.0, intercept=0.0), which is nothing for regression answers",
        ),
        (Skeleton, Clip(0.2, 1.5), "Clip(minimum=0.2, maximum=1.5) leaves no usable answers"),
        (Numbers, Clip(5, 5), "leaves no usable answers"),
        (Numbers, Scale(0), "leaves no usable answers"),
        (Skeleton, Calibrate(slope=-1), "leaves no usable answers"),
        (Skeleton, "clip", "'clip', which is nothing for binary answers"),
    ],
    ids=str,
)
def test_what_makes_no_answer_is_named_as_soon_as_the_class_is_made(base, wrong, part):
    with pytest.raises(ServiceError) as caught:
        type("Wrong", (base,), {"postprocessing": (wrong,)})
    assert part in caught.value.cause
