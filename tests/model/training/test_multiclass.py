"""A service of several classes: its measures by hand, its gates, and its way to the server's answers."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from model import artifact
from model.contract import Data, Rows, Slice, Split
from model.errors import DataError
from model.skeletons.multiclass.service import VINES, Skeleton
from model.training.drawings import drawings
from model.training.evaluation import evaluate, metrics
from model.training.kinds.multiclass import gates, measures
from model.training.leaks import worst_leak
from model.training.options import TrainOptions
from model.training.train import train
from release.domain import card
from release.report.card.build import build
from release.report.card.document import Heard
from release.report.card.markdown import markdown
from tests.model.training.served import differences
from tests.release.examples import manifest

pytestmark = pytest.mark.sandbox

MEASURES = measures(("a", "b", "c"))
LABELS = np.array([0, 0, 1, 1, 2])
SCORES = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.7, 0.1], [0.1, 0.5, 0.4], [0.1, 0.2, 0.7]])
CONSTANT = np.array([0.5, 0.3, 0.2])


def test_the_measures_of_five_rows():
    own = [0.8, 0.3, 0.7, 0.5, 0.7]
    loss = -np.log(own).mean()
    assert MEASURES.values(LABELS, SCORES, CONSTANT) == {
        "rows": 5,
        "auc": pytest.approx((1 + 5 / 6 + 1) / 3),  # of b's six pairs, one is in the wrong order
        "log_loss": pytest.approx(loss),
        "log_loss_ratio": pytest.approx(loss / -np.log([0.5, 0.5, 0.3, 0.3, 0.2]).mean()),
        "accuracy": pytest.approx(0.8),
        "accuracy_gain": pytest.approx(0.8 - 0.4),  # always a is right twice
        "bias": pytest.approx(0.1),  # a: .3 in the mean, .4 of the rows
        "recall_a": 0.5,
        "recall_b": 1.0,
        "recall_c": 1.0,
    }


def test_the_constant_is_the_training_rows_shares():
    assert MEASURES.constant(np.array([0, 2, 2, 2])).tolist() == [0.25, 0, 0.75]


def test_who_always_says_the_shares_is_no_better_than_they_are():
    found = MEASURES.values(LABELS, np.tile(CONSTANT, (5, 1)), CONSTANT)
    assert (found["auc"], found["log_loss_ratio"], found["accuracy_gain"]) == (0.5, 1, 0)
    assert (found["recall_a"], found["recall_b"], found["recall_c"]) == (1, 0, 0)


def test_a_score_that_is_no_number_leaves_its_measures_unmeasured():
    scores = SCORES.copy()
    scores[3, 0] = math.nan
    found = MEASURES.values(LABELS, scores, CONSTANT)
    assert {name for name, value in found.items() if math.isnan(value)} >= {
        "auc",
        "accuracy",
        "recall_b",
        "bias",
    }
    assert {gate.name for gate in gates(found, Skeleton.bounds) if not gate.passed} >= {"auc", "recall"}


FINE = {
    "auc": 0.99,
    "log_loss_ratio": 0.2,
    "accuracy_gain": 0.5,
    "bias": 0.01,
    "recall_a": 0.9,
    "recall_b": 0.8,
}


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"auc": 0.89}, "auc"),
        ({"log_loss_ratio": 0.61}, "log_loss"),
        ({"accuracy_gain": 0.19}, "accuracy"),
        ({"recall_b": 0.49}, "recall"),
        ({"recall_b": math.nan}, "recall"),
        ({"bias": 0.16}, "calibration"),
    ],
)
def test_one_bad_measure_fails_its_own_gate_only(change, gate):
    assert all(each.passed for each in gates(FINE, Skeleton.bounds))
    found = [each for each in gates(FINE | change, Skeleton.bounds) if not each.passed]
    assert [each.name for each in found] == [gate]
    assert gate != "recall" or "(b)" in found[0].reason


def test_a_slice_without_a_class_is_measured_by_those_that_it_has():
    class Regions(Skeleton):
        slices = (Slice("region", "region", 0.5, 2),)

    labels = [VINES[place] for place in LABELS]
    rows = pd.DataFrame({"vine": labels, "region": ["n", "n", "n", "s", "s"]}, index=[9, 7, 5, 3, 1])
    found = evaluate(Regions(), rows, SCORES, CONSTANT)
    assert found.slices["region"] == {"n": 1.0, "s": 1.0}
    assert metrics("test", "auc", found)["test_recall_barolo"] == 0.5


@pytest.mark.parametrize("model", Skeleton.models)
def test_it_is_trained_and_the_server_answers_with_the_probabilities_of_its_classes(tmp_path, model):
    out = tmp_path / "out"
    result = train(Skeleton(), TrainOptions(model, out=out, build=tmp_path, trackers=()))
    assert result.passed, result.failed
    golden = json.loads((out / "golden.json").read_text())
    rows = [row for request in golden["requests"] for row in request["scores"]]
    assert all(len(row) == 3 and sum(row) == pytest.approx(1) for row in rows)
    assert len({int(np.argmax(row)) for row in rows}) == 3
    assert differences(out, tmp_path) == []
    files = artifact.read((out / "model.tar.gz").read_bytes())
    assert files[artifact.REFERENCE].splitlines()[0].endswith(b"score_barolo,score_grignolino,score_barbera")


def test_its_card_tells_each_class_of_each_row(tmp_path):
    result = train(Skeleton(), TrainOptions("forest", out=tmp_path / "out", build=tmp_path, trackers=()))
    found = card.of(result.evidence["card"])
    main, test_rows = found.main.measured, 35
    assert (found.kind, main.rows) == ("multiclass", test_rows)
    assert (main.low or 0) < (main.value or 0) <= (main.high or 0) <= 1
    assert main.value == result.evidence["evaluation"]["test_auc"]
    assert sum(one.label.rows for one in found.calibration) == test_rows * len(VINES)
    assert 1 / 3 < (found.reference.score.low or 0) < (found.reference.score.high or 0) <= 1
    told = markdown(
        build(manifest(**{name: result.evidence[name] for name in ("evaluation", "card")}), Heard())
    )
    assert "recall barbera" in told
    assert "of each class of the test rows" in told


def test_the_champion_is_compared_and_a_worse_model_refused(tmp_path):
    good = train(Skeleton(), TrainOptions("logistic", out=tmp_path / "good", build=tmp_path, trackers=()))

    class Guessing(Skeleton):
        def build(self, model: str) -> Any:
            from sklearn.linear_model import LogisticRegression
            from sklearn.pipeline import Pipeline
            from sklearn.preprocessing import StandardScaler

            return Pipeline([("scale", StandardScaler()), ("model", LogisticRegression(C=1e-6))])

    champion = good.out / "model.tar.gz"
    options = TrainOptions("logistic", out=tmp_path / "bad", build=tmp_path, champion=champion, trackers=())
    result = train(Guessing(), options)
    assert {"log_loss", "accuracy", "recall"} <= set(result.failed)
    assert result.evidence["evaluation"]["test_auc_over_champion"] < 0.05
    assert result.evidence["evaluation"]["test_auc_over_champion_error"] > 0


def everything(label: str) -> Rows:
    return Rows(label, lambda table: table)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (
            lambda table: table.assign(vine="merlot"),
            "its label 'vine' holds something else than its classes ('merlot') in every row",
        ),
        (lambda table: table[table["vine"] != "barbera"], "its split has no row of 'barbera' in all"),
        (lambda table: table[table["vine"] == "barbera"], "its label 'vine' is barbera in every row of all"),
    ],
    ids=range(3),
)
def test_data_that_is_not_as_the_service_says_is_named(tmp_path, monkeypatch, change, part):
    table, rows = change(Skeleton().load(tmp_path).table), everything("all")
    monkeypatch.setattr(Skeleton, "load", lambda self, cache: Data(table, "1"))
    monkeypatch.setattr(Skeleton, "split", lambda self, *_: Split(rows, rows, rows, rows))
    with pytest.raises(DataError) as caught:
        train(Skeleton(), TrainOptions("logistic", out=tmp_path / "out", build=tmp_path))
    assert part in caught.value.cause


def test_a_column_made_from_the_classes_is_found_to_leak(tmp_path: Path):
    service = Skeleton()
    table = service.load(tmp_path).table
    assert worst_leak(service, table, table).value < service.bounds.leakage
    leaking = table.assign(hue=service.labels(table) * 1.0)
    found = worst_leak(service, leaking, leaking)
    assert (found.feature, found.value) == ("hue", 1.0)


def test_its_scores_are_drawn():
    labels = np.tile(np.arange(3), 10)
    scores = np.random.default_rng(0).dirichlet(np.ones(3), 30)
    assert set(drawings(Skeleton(), labels, scores)) == {"calibration.png"}
