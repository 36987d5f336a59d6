"""XGBoost's and LightGBM's pipelines become graphs that score as they do, or are refused with a reason."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import artifact
from model.contract import Service
from model.skeletons.binary.service import Skeleton
from model.skeletons.regression.service import Skeleton as Numbers
from model.training import boosters
from model.training.assessment import fit
from model.training.boosters import _rounded_down
from model.training.convertible import refuse_unconvertible
from model.training.errors import ExportError
from model.training.export import Scorer, parity, stressed, to_onnx
from model.training.finish import parameters
from model.training.options import TrainOptions
from model.training.train import TrainResult, train
from tests.conftest import ROOT
from tests.model.training.served import differences

pytestmark = pytest.mark.sandbox


def columns(service: Service) -> Any:
    """Numbers as they are, categories as ordinals: what boosters read."""
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OrdinalEncoder

    ordinals = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return ColumnTransformer(
        [
            ("categories", ordinals, list(service.categories)),
            ("numbers", "passthrough", list(service.numbers)),
        ]
    )


def built(service: Service, last: Any) -> Any:
    from sklearn.pipeline import Pipeline

    return Pipeline([("columns", columns(service)), ("model", last)])


class Tumours(Skeleton):
    """A probability, by each library's classifier."""

    models = ("xgboost", "lightgbm", "forest_of_xgboost", "rough_lightgbm")
    yardstick = None

    def build(self, model: str) -> Any:
        from lightgbm import LGBMClassifier
        from xgboost import XGBClassifier, XGBRFClassifier

        bagging: dict[str, Any] = {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}
        last = {
            "xgboost": XGBClassifier(n_estimators=40, max_depth=3),
            "lightgbm": LGBMClassifier(n_estimators=40),
            "forest_of_xgboost": XGBRFClassifier(n_estimators=20),
            "rough_lightgbm": LGBMClassifier(n_estimators=20, **bagging),
        }[model]
        return built(self, last)


class Patients(Numbers):
    """A number, by each library's regressor."""

    models = ("xgboost", "lightgbm")
    yardstick = None

    def build(self, model: str) -> Any:
        from lightgbm import LGBMRegressor
        from xgboost import XGBRegressor

        least: dict[str, Any] = {"n_estimators": 40, "max_depth": 2, "learning_rate": 0.1}
        return built(self, XGBRegressor(**least) if model == "xgboost" else LGBMRegressor(**least))


def trained(service: Service, model: str, folder: Path) -> TrainResult:
    return train(service, TrainOptions(model, out=folder / model, build=folder, trackers=()))


@pytest.mark.parametrize("model", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("service", [Tumours(), Patients()], ids=["binary", "regression"])
def test_it_is_trained_and_the_server_answers_as_it_does(tmp_path, service, model):
    result = trained(service, model, tmp_path)
    assert result.passed, result.failed
    assert result.evidence["evaluation"]["parity"] < 1e-6
    files = artifact.read((result.out / "model.tar.gz").read_bytes())
    assert model in json.loads(files[artifact.ABOUT])["libraries"]
    assert differences(result.out, tmp_path) == []


def test_without_a_yardstick_or_a_column_step_it_is_said_before_training(tmp_path):
    from sklearn.pipeline import Pipeline

    class Bare(Tumours):
        def build(self, model: str) -> Any:
            from xgboost import XGBClassifier

            return Pipeline([("model", XGBClassifier())])

    with pytest.raises(ExportError, match="is xgboost's XGBClassifier alone, beside 6 features") as it:
        refuse_unconvertible(Bare(), "xgboost")
    assert "ColumnTransformer" in it.value.next_step


def test_a_conversion_that_is_wrong_without_an_error_is_refused_by_the_parity_gate(tmp_path):
    """LightGBM's random forest loses its weights on the way."""
    result = trained(Tumours(), "rough_lightgbm", tmp_path)
    assert "parity" in result.failed


@pytest.mark.parametrize("model", Tumours.models)
def test_threads_do_not_show_and_the_graph_agrees_on_hard_rows(tmp_path, model):
    service = Tumours()
    table = service.load(tmp_path).table
    split = service.split({}, None)
    pipeline = fit(service, model, table, split.train)
    assert pipeline[-1].n_jobs == 1
    rows = split.test.select(table)
    found = parity(
        service, pipeline, Scorer(to_onnx(service, pipeline), service), (rows, stressed(service, rows))
    )
    assert (found < 1e-6) == (model != "rough_lightgbm")


def test_columns_that_keep_their_names_are_converted_too(tmp_path):
    """Of data frames XGBoost keeps the names, which its converter would refuse."""

    class Named(Tumours):
        def build(self, model: str) -> Any:
            return super().build(model).set_output(transform="pandas")

    service = Named()
    table, train_rows = service.load(tmp_path).table, service.split({}, None).train
    for model in ("xgboost", "lightgbm"):
        pipeline = fit(service, model, table, train_rows)
        assert parity(service, pipeline, Scorer(to_onnx(service, pipeline), service), (table,)) < 1e-6
    names = fit(service, "xgboost", table, train_rows)[-1].get_booster().feature_names
    assert names[0] == "numbers__radius"


@given(st.lists(st.floats(-1e30, 1e30), min_size=1), st.floats(width=32, allow_nan=False))
def test_a_threshold_that_is_rounded_down_sends_every_float32_the_same_way(thresholds, other):
    for threshold, rounded in zip(thresholds, _rounded_down(thresholds), strict=True):
        near = np.float32(threshold)
        close = [near, np.nextafter(near, np.float32(np.inf)), np.nextafter(near, np.float32(-np.inf))]
        for value in [*close, np.float32(other)]:
            assert (value <= rounded) == (float(value) <= threshold)


def test_a_package_that_is_not_installed_is_named_before_the_data_is_read(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    monkeypatch.setattr(Tumours, "load", None)
    with pytest.raises(ExportError) as caught:
        trained(Tumours(), "xgboost", tmp_path)
    assert "needs the package xgboost, which is not installed" in caught.value.cause
    assert caught.value.next_step.endswith(boosters.INSTALLS["xgboost"])


def test_converters_that_are_not_installed_are_named_before_the_data_is_read(tmp_path, monkeypatch):
    from skl2onnx._supported_operators import sklearn_operator_name_map
    from xgboost import XGBClassifier

    monkeypatch.delitem(sklearn_operator_name_map, XGBClassifier, raising=False)
    monkeypatch.setattr(boosters, "find_spec", lambda name: None)
    monkeypatch.setattr(Tumours, "load", None)
    with pytest.raises(
        ExportError, match="xgboost's XGBClassifier into an ONNX graph: onnxmltools has"
    ) as it:
        trained(Tumours(), "xgboost", tmp_path)
    assert it.value.next_step.endswith(boosters.INSTALLS["onnxmltools"])


def test_an_estimator_that_no_converter_knows_is_named_before_the_data_is_read(tmp_path, monkeypatch):
    class Spreading(Tumours):
        def build(self, model: str) -> Any:
            from sklearn.semi_supervised import LabelSpreading

            return built(self, LabelSpreading())

    monkeypatch.setattr(Tumours, "load", None)
    with pytest.raises(ExportError, match="No converter turns sklearn's LabelSpreading into an ONNX graph"):
        trained(Spreading(), "xgboost", tmp_path)


def test_what_is_to_be_installed_is_what_is_tested_here():
    tested = (ROOT / "requirements-dev.txt").read_text().splitlines()
    assert set(boosters.INSTALLS.values()) <= set(tested)


PROGRAM = """
import sys
from pathlib import Path
from model.training.options import TrainOptions
from model.training.train import train
from tests.model.training.test_boosters import Tumours

folder = Path(sys.argv[1])
for model in ("xgboost", "lightgbm"):
    train(Tumours(), TrainOptions(model, out=folder / model, build=folder, trackers=()))
"""


@pytest.mark.parametrize("model", ["xgboost", "lightgbm"])
def test_a_second_training_packages_the_same_bytes(tmp_path, model):
    first, second = (trained(Tumours(), model, tmp_path / again).out / "model.tar.gz" for again in "12")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("model", ["xgboost", "lightgbm"])
def test_its_parameters_are_plain_json_for_its_record(model):
    """XGBoost's hold a NaN."""
    kept = json.loads(artifact.as_json(parameters(Tumours().build(model))))
    assert kept["n_estimators"] == 40


@pytest.mark.long
def test_it_is_recorded_and_mlflow_loads_it_back(tmp_path):
    import mlflow.sklearn

    service, store = Tumours(), tmp_path / "build"
    options = TrainOptions("xgboost", out=tmp_path / "out", build=store, trackers=("mlflow",))
    assert train(service, options).warnings == ()
    rows = service.load(tmp_path).table
    for model in store.rglob("MLmodel"):
        assert (
            f"xgboost=={boosters.INSTALLS['xgboost'].partition('==')[2]}"
            in (model.parent / "requirements.txt").read_text().split()
        )
        loaded = mlflow.sklearn.load_model(str(model.parent))
        found = loaded.predict_proba(service.inputs(rows))[:, 1]
        scorer = Scorer(artifact.read((tmp_path / "out/model.tar.gz").read_bytes())[artifact.GRAPH], service)
        assert found == pytest.approx(scorer.score(rows), abs=1e-6)
        return
    pytest.fail("no model was logged")


@pytest.mark.long
def test_two_processes_with_different_hash_seeds_package_the_same_bytes(tmp_path):
    made = []
    for seed in ("1", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / seed)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        made.append([(tmp_path / seed / model / "model.tar.gz").read_bytes() for model in Tumours.models[:2]])
    assert made[0] == made[1]
    assert made[0][0] != made[0][1]
