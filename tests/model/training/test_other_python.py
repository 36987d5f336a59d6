"""Another Python, with the same pins, trains models that score the same to a millionth.

The other one is looked for on the path and beside this one, where pyenv and uv keep theirs.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model.training.boosters import INSTALLS
from tests.conftest import ROOT

pytestmark = [pytest.mark.sandbox, pytest.mark.long, pytest.mark.xdist_group("training")]

SUPPORTED = ("3.11", "3.12", "3.13")
MODELS = ("flights", "tumours", "patients", "wines", "xgboost", "lightgbm")
PROGRAM = """
import sys
from pathlib import Path
from model.service.service import SERVICE as flights
from model.skeletons.binary.service import Skeleton as Tumours
from model.skeletons.multiclass.service import Skeleton as Wines
from model.skeletons.regression.service import Skeleton as Patients
from model.training.options import TrainOptions
from model.training.train import train

class Boosted(Tumours):
    models, yardstick = ("xgboost", "lightgbm"), None

    def build(self, model):
        from lightgbm import LGBMClassifier
        from sklearn.compose import ColumnTransformer
        from sklearn.pipeline import Pipeline
        from xgboost import XGBClassifier

        columns = ColumnTransformer([("numbers", "passthrough", list(self.numbers))])
        last = XGBClassifier(n_estimators=40) if model == "xgboost" else LGBMClassifier(n_estimators=40)
        return Pipeline([("columns", columns), ("model", last)])

folder = Path(sys.argv[1])
for name, service, model, own in (
    ("flights", flights, "boosting", {"months": "5-6"}),
    ("tumours", Tumours(), "forest", {}),
    ("patients", Patients(), "linear", {}),
    ("wines", Wines(), "forest", {}),
    ("xgboost", Boosted(), "xgboost", {}),
    ("lightgbm", Boosted(), "lightgbm", {}),
):
    train(service, TrainOptions(model, own=own, out=folder / name, build=folder, trackers=()))
print("%d.%d" % sys.version_info[:2])
"""


def interpreters() -> dict[str, Path]:
    """The other supported Pythons of this machine, by version."""
    beside = Path(sys.base_prefix).parent
    found: dict[str, Path] = {}
    for version in SUPPORTED:
        named = shutil.which(f"python{version}")
        for path in (*([Path(named)] if named else []), *sorted(beside.glob(f"*/bin/python{version}"))):
            asked = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
            told = subprocess.run(asked, capture_output=True, text=True, check=False)
            if told.stdout.strip() == version and version != "{}.{}".format(*sys.version_info[:2]):
                found[version] = path
    return found


def trained(python: Path, folder: Path) -> None:
    """Have this interpreter train all models into `folder`."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    program = folder / "program.py"  # a file: where a service's class comes from goes into the evidence
    program.write_text(PROGRAM)
    command = [python, program, folder]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def mine(tmp_path_factory) -> Path:
    """What this Python trains."""
    folder = tmp_path_factory.mktemp("mine")
    trained(Path(sys.executable), folder)
    return folder


def installed(python: Path, folder: Path) -> Path:
    """An environment of another Python with what training needs, in the versions of the lock."""
    uv = ROOT / ".tools" / "bin" / "uv"
    subprocess.run([uv, "venv", "--quiet", "--python", python, folder], check=True)
    boosters = [package.partition("==")[0] for package in INSTALLS.values()]
    wanted = ["-r", ROOT / "model" / "requirements.txt", *boosters, "-c", ROOT / "requirements.lock"]
    command = [uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python", *wanted]
    subprocess.run(command, check=True)
    return folder / "bin" / "python"


@pytest.mark.parametrize("version", SUPPORTED)
def test_it_trains_models_of_the_same_scores(version, mine, tmp_path):
    if version not in interpreters():
        pytest.skip(f"no Python {version} besides the one that runs the tests")
    trained(installed(interpreters()[version], tmp_path / "environment"), tmp_path)
    for name in MODELS:
        one, other = (json.loads((folder / name / "golden.json").read_text()) for folder in (mine, tmp_path))
        for asked, again in zip(one["requests"], other["requests"], strict=True):
            assert asked["body"] == again["body"]
            apart = np.abs(np.array(asked["scores"]) - np.array(again["scores"])).max()
            assert apart <= 1e-6 * one.get("span", 1), name
