"""What any service promises; what only this one does belongs here as well."""

import subprocess
from pathlib import Path

import pytest

from model.finding import load

FOLDER = Path(__file__).parent
PROJECT = next((at for at in FOLDER.parents if (at / "Pulumi.yaml").is_file()), Path.cwd())
SERVICE = load(FOLDER)


def test_the_same_data_has_the_same_version(tmp_path: Path) -> None:
    assert SERVICE.load(tmp_path).version == SERVICE.load(tmp_path).version


def test_no_row_is_learned_from_and_measured(tmp_path: Path) -> None:
    table = SERVICE.load(tmp_path).table
    split = SERVICE.split({name: option.default for name, option in SERVICE.options.items()}, None)
    seen = set(split.train.select(table).index) | set(split.history.select(table).index)
    validation, test = (set(rows.select(table).index) for rows in (split.validation, split.test))
    assert not seen & validation
    assert not (seen | validation) & test


@pytest.mark.sandbox
def test_the_default_model_passes_its_gates(tmp_path: Path) -> None:
    alone = ["--champion", "none", "--trackers", "none", "--out", tmp_path / "model"]
    command = [PROJECT / "slipway", "train", "--service", FOLDER, *alone]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
