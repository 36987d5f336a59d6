"""The evidence names a commit, and says when the model's code is not in it."""

import subprocess
from pathlib import Path

import pytest

from model.training.source import Source, source


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "model").mkdir(parents=True)
    (root / "model" / "service.py").write_text("1")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "First"]):
        who = ["-c", "user.name=ada", "-c", "user.email=ada@example.com"]
        subprocess.run(["git", "-C", root, *who, *command], check=True)
    return root


def test_the_services_code_is_in_the_commit(checkout):
    found = source(checkout / "model" / "service.py", checkout)
    assert found.git_commit is not None
    assert found.git_dirty is False


def test_code_that_was_changed_or_is_new_is_not(checkout):
    (checkout / "model" / "new.py").write_text("2")
    assert source(checkout / "model" / "service.py", checkout).git_dirty is True


@pytest.mark.parametrize(("name", "dirty"), [("params.yaml", True), ("Pulumi.dev.yaml", False)])
def test_parameters_that_were_changed_are_not_and_a_stages_data_decides_no_model(checkout, name, dirty):
    (checkout / name).write_text("model: other")
    assert source(checkout / "model" / "service.py", checkout).git_dirty is dirty


def test_a_service_that_lies_elsewhere_is_not(checkout, tmp_path):
    assert source(tmp_path / "elsewhere" / "service.py", checkout).git_dirty is True


def test_a_service_in_a_folder_that_git_does_not_know_is_not(checkout):
    (checkout / "own").mkdir()
    (checkout / "own" / "service.py").write_text("3")
    assert source(checkout / "own" / "service.py", checkout).git_dirty is True


def test_without_git_nothing_is_said(tmp_path):
    assert source(tmp_path / "service.py", tmp_path) == Source(None, None)
