"""The training image: the code of training and of one service, and the inference image's own layer below."""

import json
import os
import subprocess
import sys
from pathlib import PurePosixPath

import pytest

from model import artifact
from model.image.build import SERVING, BuiltImage
from model.image.errors import ImageError
from model.image.locked import pins
from model.image.training import TrainingCode, besides_those_of, build_training_image, training_files
from model.skeletons.regression.service import SERVICE
from model.training.job.collect import order
from model.training.options import TrainOptions
from tests.conftest import ROOT
from tests.model.image import images
from tests.model.image.conftest import RUNNING

PLACE = PurePosixPath("model/skeletons/regression")
CODE = TrainingCode(ROOT / PLACE, PLACE)


def quiet(_text: str) -> None:
    """Nobody listens."""


def test_it_holds_training_and_the_one_service_and_nothing_that_serves_or_builds():
    held = {
        file.path
        for file in training_files(TrainingCode(ROOT / "model/service", PurePosixPath("model/service")))
    }
    assert {"model/contract.py", "model/training/train.py", "model/training/job/train"} <= held
    assert "model/service/service.py" in held
    assert not [path for path in held if path.startswith(("model/serving", "model/image", "model/services"))]


def test_a_service_of_another_folder_keeps_the_name_of_its_package(tmp_path):
    folder = tmp_path / "churn"
    folder.mkdir()
    for name in ("service.py", "rows.csv", "words.json"):
        (folder / name).write_text("")
    held = {file.path for file in training_files(TrainingCode(folder, PurePosixPath("churn")))}
    assert {"churn/service.py", "churn/words.json"} <= held
    assert "churn/rows.csv" not in held
    with pytest.raises(ImageError, match="cannot be called model"):
        training_files(TrainingCode(folder, PurePosixPath("model")))


def test_the_layer_of_training_leaves_out_what_the_layer_below_has():
    lock = (ROOT / "model/training/requirements.txt").read_text()
    serving = (SERVING / "requirements.txt").read_text()
    left = pins(besides_those_of(lock, serving))
    assert {"scikit-learn", "pandas", "protobuf"} <= left.keys()
    assert not {"flatbuffers", "onnxruntime"} & left.keys(), "they are in the layer that both images share"


def test_training_computes_with_what_serves_and_with_what_this_machine_has():
    training = pins((ROOT / "model/training/requirements.txt").read_text())
    serving = pins((SERVING / "requirements.txt").read_text())
    assert [training[name] for name in ("numpy", "onnxruntime")] == [
        serving[name] for name in ("numpy", "onnxruntime")
    ]
    everything = (ROOT / "requirements.lock").read_text()
    others = {name: version for name, version in training.items() if f"{name}=={version}" not in everything}
    assert not others, "make lock"


@pytest.fixture(scope="module")
def image() -> BuiltImage:
    """The image of the regression, without a base."""
    return build_training_image(images.options(ROOT / ".build" / "image", python=RUNNING), CODE, quiet)


@pytest.mark.long
@pytest.mark.sandbox
def test_the_image_trains_by_itself_and_makes_the_bytes_of_a_training_here(image, tmp_path):
    root = images.unpack(image, tmp_path / "root") / "opt" / "program"
    made = order(SERVICE, TrainOptions("linear", build=tmp_path), quiet)
    ml = tmp_path / "ml"
    (ml / "input/data/data").mkdir(parents=True)
    (ml / "input/data/data/rows").write_bytes(made.data.content)
    (ml / "input/config").mkdir()
    (ml / "input/config/hyperparameters.json").write_text(json.dumps(made.asked.texts()))
    config = images.config(image)["config"]
    variables = dict(pair.split("=", 1) for pair in config["Env"])
    assert config["Entrypoint"] == ["python3", "/opt/program/train"]
    done = subprocess.run(
        [sys.executable, "-I", str(root / "train"), "train"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SAGEMAKER_BASE_DIR": str(ml), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    from model.training.train import train

    local = tmp_path / "local"
    train(SERVICE, TrainOptions("linear", out=local, build=tmp_path, trackers=()))
    assert (ml / "output/data/model.tar.gz").read_bytes() == (local / "model.tar.gz").read_bytes()
    assert artifact.GRAPH in {path.name for path in (ml / "model").iterdir()}
