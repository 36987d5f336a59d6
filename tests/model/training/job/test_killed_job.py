"""A job whose instance is taken five times: what is in checkpoints stays, and the model is the same bytes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model.skeletons.binary.service import SERVICE
from model.training.job.collect import order
from model.training.options import TrainOptions
from model.training.search import Search
from model.training.tune import tune

pytestmark = [
    *(pytest.mark.sandbox, pytest.mark.kill, pytest.mark.long),
    pytest.mark.xdist_group("training"),
]
POINTS = ("trial 1 of", "trial 3 of", "Fitting", "Evaluating", "Packaging")
SEARCH = Search(4, seed=1)


def start(ml: Path) -> subprocess.Popen[str]:
    variables = {"SAGEMAKER_BASE_DIR": str(ml), "SLIPWAY_SERVICE": "model/skeletons/binary"}
    command = [sys.executable, "-m", "model.training.job.entry", "train"]
    return subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.PIPE, text=True)


def until(process: subprocess.Popen[str], words: str) -> list[str]:
    """What it printed before it was killed, which is when it printed these words."""
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(line)
        if words in line:
            break
    process.kill()
    process.wait()
    return told


def test_a_job_that_is_killed_at_five_points_makes_the_same_model_and_repeats_only_what_was_under_way(
    tmp_path,
):
    options = TrainOptions("logistic", out=tmp_path / "model", build=tmp_path / "build", trackers=())
    tune(SERVICE, options, SEARCH)
    made = order(SERVICE, options, lambda text: None, SEARCH)
    ml = tmp_path / "ml"
    (ml / "input/data/data").mkdir(parents=True)
    (ml / "input/data/data/rows").write_bytes(made.data.content)
    (ml / "input/config").mkdir()
    (ml / "input/config/hyperparameters.json").write_text(json.dumps(made.asked.texts()))
    told: list[str] = []
    for point in POINTS:
        told += until(start(ml), point)
        assert point in told[-1], told
        for lost in ("output", "model"):  # the next instance has the checkpoints alone
            shutil.rmtree(ml / lost, ignore_errors=True)
    last = start(ml)
    told += last.communicate()[0].splitlines()
    assert last.returncode == 0
    found = ml / "output/data/model.tar.gz"
    assert found.read_bytes() == (tmp_path / "model/model.tar.gz").read_bytes()
    for number in range(1, SEARCH.trials + 1):
        assert sum(f"trial {number} of" in line for line in told) == 1, "a finished trial is not done again"
    for step in ("Fitting", "Evaluating"):
        assert sum(line.startswith(step) for line in told) == 2, "once before the kill, once after it"
