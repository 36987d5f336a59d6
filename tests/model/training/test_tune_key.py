"""What a search that is gone on with was begun by: each file of the code and each library is part of it."""

import shutil
import sys
from pathlib import Path

import pytest

from model import finding
from model.training.checkpoints import Checkpoints
from model.training.tune import code, libraries
from model.training_code import PACKAGE

RULES = "step: 1\n"


@pytest.fixture
def service(tmp_path):
    """A service in a folder of its own, which reads a file of rules."""
    folder = tmp_path / "svc"
    folder.mkdir()
    shutil.copy(PACKAGE / "skeletons/binary/service.py", folder)
    (folder / "rules.yaml").write_text(RULES)
    return finding.load(folder)


@pytest.fixture
def package(tmp_path) -> Path:
    """A package of code besides."""
    folder = tmp_path / "package"
    (folder / "serving").mkdir(parents=True)
    (folder / "contract.py").write_text("KIND = 1\n")
    (folder / "serving" / "app.py").write_text("")
    return folder


def test_the_code_that_trains_is_all_that_the_training_image_holds(service, package, tmp_path):
    before = code(service, package)
    (package / "serving" / "app.py").write_text("a = 1\n")
    (tmp_path / "svc" / "rows.csv").write_text("1\n")
    assert code(service, package) == before, "what serves and rows are no part of it"
    (tmp_path / "svc" / "rules.yaml").write_text("step: 2\n")
    assert code(service, package) != before
    (tmp_path / "svc" / "rules.yaml").write_text(RULES)
    assert code(service, package) == before
    (package / "contract.py").write_text("KIND = 2\n")
    assert code(service, package) != before


def test_a_library_of_another_version_is_another_training(tmp_path, monkeypatch):
    before = libraries()
    assert {"python", "scikit-learn", "optuna", "onnxruntime"} <= before.keys()
    about = tmp_path / "later-2.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: later\nVersion: 2.0\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert libraries() == {**before, "later": "2.0"}


def test_what_a_training_kept_is_dropped_and_what_others_kept_stays(tmp_path):
    mine, other = Checkpoints(tmp_path, {"seed": 1}), Checkpoints(tmp_path, {"seed": 2})
    for kept in (mine, other):
        kept.keep("fitted", {"graph": b"g"})
    mine.drop()
    assert (mine.read("fitted"), other.read("fitted")) == (None, {"graph": b"g"})
    Checkpoints().drop()
