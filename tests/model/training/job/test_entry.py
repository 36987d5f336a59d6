"""The training by SageMaker's contract: a folder like /opt/ml in, the same bytes as a training here out."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from model import artifact
from model.errors import ModelError
from model.skeletons.regression.service import SERVICE, Skeleton
from model.training.data_file import DataFile
from model.training.errors import JobInputError, JobOutputError
from model.training.job import entry
from model.training.job.collect import Back, collect, order
from model.training.job.hyperparameters import Asked, asked
from model.training.job.metrics import definitions, line
from model.training.job.place import Place
from model.training.options import TrainOptions
from model.training.package import of_service
from model.training.tracking.run import MODEL
from model.training.tracking.to_mlflow import MLflow
from model.training.train import train

pytestmark = [pytest.mark.sandbox, pytest.mark.xdist_group("training")]


def quiet(_text: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Path:
    """The folder that a training on this machine left."""
    build = tmp_path_factory.mktemp("local")
    train(SERVICE, TrainOptions("linear", out=build / "model", build=build, trackers=()))
    return build / "model"


@pytest.fixture
def base(tmp_path) -> Path:
    """A container's /opt/ml, with what a job of the service is given."""
    made = order(SERVICE, TrainOptions("linear", build=tmp_path), quiet)
    channel = tmp_path / "ml" / "input" / "data" / "data"
    channel.mkdir(parents=True)
    (channel / "0123456789abcdef").write_bytes(made.data.content)
    given(tmp_path / "ml", made.asked.texts())
    return tmp_path / "ml"


def given(base: Path, texts: dict[str, str]) -> None:
    """Have the container's hyperparameters be these."""
    config = base / "input" / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "hyperparameters.json").write_text(json.dumps(texts))


def started(base: Path, service: str = "model/skeletons/regression") -> subprocess.CompletedProcess[str]:
    """The program of the image, by this Python, in that /opt/ml."""
    variables = {"SAGEMAKER_BASE_DIR": str(base), "SLIPWAY_SERVICE": service}
    program = [sys.executable, "-m", "model.training.job.entry", "train"]
    return subprocess.run(program, env=os.environ | variables, capture_output=True, text=True, check=False)


def test_a_job_leaves_what_a_training_here_leaves_byte_for_byte(base, local, tmp_path):
    done = started(base)
    assert done.returncode == 0, done.stderr
    back = base / "output" / "data"
    for name in (MODEL, "golden.json"):
        assert (back / name).read_bytes() == (local / name).read_bytes(), name
    held = {path.name: path.read_bytes() for path in (base / "model").iterdir()}
    assert held == artifact.proven(artifact.read((local / MODEL).read_bytes()))

    options = TrainOptions("linear", out=tmp_path / "model", build=tmp_path, trackers=())
    made = order(SERVICE, options, quiet)
    found = collect(Back(back, made.data, {"slipway.job": "job-1"}), SERVICE, options, quiet)
    assert found.passed
    for name in (MODEL, "golden.json", "data.parquet"):
        assert (tmp_path / "model" / name).read_bytes() == (local / name).read_bytes(), name
    assert told(tmp_path / "model") == told(local)

    patterns = definitions(SERVICE)
    read = {name: re.search(pattern, done.stdout, re.MULTILINE) for name, pattern in patterns.items()}
    assert all(read.values()), (patterns, done.stdout)
    score = read["test_r2"]
    assert score is not None
    assert float(score[1]) == found.evidence["evaluation"]["test_r2"]


def told(folder: Path) -> object:
    """The evidence, but for what a clock measured and where it is recorded."""
    found = json.loads((folder / "evidence.json").read_text())
    found["source"] |= {"mlflow_run": None, "mlflow_model_version": None}
    found["gates"] = [gate for gate in found["gates"] if gate["name"] != "latency"]
    return found


@pytest.mark.long
def test_the_run_of_a_job_is_recorded_with_its_tags(base, tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    entry.run(SERVICE, Place(base), quiet)
    options = TrainOptions("linear", out=tmp_path / "model", build=tmp_path, trackers=("mlflow",))
    back = Back(base / "output/data", order(SERVICE, options, quiet).data, {"slipway.training_job": "job-1"})
    found = collect(back, SERVICE, options, quiet)
    assert found.warnings == ()
    client = MLflow(None, tmp_path).client()
    tags = client.get_run(found.evidence["source"]["mlflow_run"]).data.tags
    assert tags["slipway.training_job"] == "job-1"
    assert tags["slipway.sha256"] == found.evidence["model"]["sha256"]


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "no channel": (lambda base: (base / "input/data/data").rename(base / "input/data/other"), "is not there"),
    "an empty channel": (lambda base: (base / "input/data/data/0123456789abcdef").unlink(), "no file"),
    "two files": (lambda base: (base / "input/data/data/more").write_bytes(b"x"), "2 files"),
    "other bytes": (
        lambda base: (base / "input/data/data/0123456789abcdef").write_bytes(b"x"),
        "the job was started for",
    ),
    "an unknown model": (lambda base: given(base, {"model": "deep"}), "no model 'deep'"),
    "an unknown option": (lambda base: given(base, {"months": "1-6"}), "no hyperparameter months"),
    "no hyperparameters": (
        lambda base: (base / "input/config/hyperparameters.json").write_text("["),
        "cannot be read",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_an_error_that_says_so_and_nothing_is_written(base, wrong):
    spoil, words = WRONG[wrong]
    spoil(base)
    with pytest.raises(JobInputError, match=words):
        entry.run(SERVICE, Place(base), quiet)
    assert not (base / "output").exists()
    assert not (base / "model").exists()


def test_a_failure_leaves_its_three_sentences_where_sagemaker_reads_them_and_ends_with_1(base, monkeypatch):
    given(base, {"model": "deep"})
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(base))
    monkeypatch.setenv("SLIPWAY_SERVICE", "model/skeletons/regression")
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert entry.main() == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    told = (base / "output" / "failure").read_text().splitlines()
    assert len(told) == 3
    assert "no model 'deep'" in told[0]


@pytest.mark.long
def test_a_job_that_left_no_model_or_another_one_is_refused(base, tmp_path):
    options = TrainOptions("linear", out=tmp_path / "model", build=tmp_path, trackers=())
    data = order(SERVICE, options, quiet).data
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(JobOutputError, match=r"model\.tar\.gz is not there"):
        collect(Back(empty, data), SERVICE, options, quiet)
    entry.run(SERVICE, Place(base), quiet)
    (base / "output/data/golden.json").write_bytes(b"{}")
    with pytest.raises(JobOutputError, match=r"golden\.json differs"):
        collect(Back(base / "output/data", data), SERVICE, options, quiet)
    assert not (tmp_path / "model").exists()


def test_a_training_that_begins_again_takes_what_was_done_and_makes_the_same_bytes(base, local):
    told: list[str] = []

    def until(text: str) -> None:
        told.append(text)
        if text.startswith("Packaging"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        entry.run(SERVICE, Place(base), until)
    assert [text.split()[0] for text in told] == ["Fitting", "Evaluating", "Packaging"]
    told.clear()
    entry.run(SERVICE, Place(base), told.append)
    assert [text.split()[0] for text in told][:3] == ["Going", "Going", "Packaging"]
    assert (base / "output/data" / MODEL).read_bytes() == (local / MODEL).read_bytes()


@pytest.mark.long
def test_a_damaged_checkpoint_is_none(base, local):
    entry.run(SERVICE, Place(base), quiet)
    for path in (base / "checkpoints").iterdir():
        path.write_bytes(path.read_bytes()[:-400])
    told: list[str] = []
    entry.run(SERVICE, Place(base), told.append)
    assert told[0].startswith("Fitting")
    assert (base / "output/data" / MODEL).read_bytes() == (local / MODEL).read_bytes()


def test_hyperparameters_come_back_as_they_were_asked():
    wanted = Asked("forest", {}, "a source", "a" * 64, {"numpy": "1.0"})
    assert asked(SERVICE, wanted.texts()) == wanted
    assert asked(SERVICE, {"model": '"forest"', "_tuning_objective_metric": "x"}).model == "forest"
    for text in ("x" * 257, "two\nlines"):
        with pytest.raises(ModelError, match=r"no other: slipway\.origin"):
            Asked("forest", {}, text).texts()


def test_a_measure_is_read_as_it_was_measured():
    found = re.search(definitions(SERVICE)["test_r2"], line("test_r2", -1.5e-7))
    assert found is not None
    assert float(found[1]) == -1.5e-7


def test_the_version_of_what_the_data_came_from_is_told_where_it_is_not_installed():
    class Named(Skeleton):
        """Its rows come from a package that a job has not, and its pipelines of one that it has."""

        libraries = ("nowhere-installed", "numpy")

    data = DataFile(b"", "rows", {"nowhere-installed": "1.2", "numpy": "0.1"})
    assert of_service(Named(), data) == {"nowhere-installed": "1.2", "numpy": version("numpy")}
    with pytest.raises(PackageNotFoundError):
        of_service(Named(), DataFile(b"", "rows"))
