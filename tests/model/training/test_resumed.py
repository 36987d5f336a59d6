"""A training that is asked for again: the same is taken byte for byte, and anything else is another."""

import shutil
from dataclasses import replace

import pytest

from model import finding
from model.training.finish import EVIDENCE
from model.training.options import TrainOptions
from model.training.resumed import resumed
from model.training.train import train
from model.training_code import PACKAGE

pytestmark = pytest.mark.sandbox

TAKEN = "The same was trained before: its model is taken"
GONE_ON = "that was fitted before the interruption"


@pytest.fixture
def service(tmp_path):
    """The skeleton's service, in a folder of its own."""
    folder = tmp_path / f"svc_{tmp_path.name}"
    shutil.copytree(PACKAGE / "skeletons/binary", folder)
    return finding.load(folder)


@pytest.fixture
def options(service, tmp_path) -> TrainOptions:
    """Its first model, recorded nowhere."""
    defaults = {name: option.default for name, option in service.options.items()}
    build = tmp_path / "build"
    return TrainOptions(service.models[0], defaults, out=build / "model", build=build, trackers=())


def files(options: TrainOptions) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in options.out.iterdir()}


def test_the_same_training_gives_the_same_evidence_which_a_second_one_would_not(service, options):
    told: list[str] = []
    first = resumed(service, options, told.append)
    assert TAKEN not in told
    made = files(options)
    shutil.rmtree(options.out)
    again = resumed(service, options, told.append)
    assert told[-1] == TAKEN
    assert files(options) == made
    assert (again.passed, again.gates, again.evidence) == (first.passed, first.gates, first.evidence)
    train(service, options)
    assert files(options)["model.tar.gz"] == made["model.tar.gz"]
    assert files(options)[EVIDENCE] != made[EVIDENCE], "what was measured in time is measured anew"


def test_a_model_that_has_become_the_champion_is_taken_and_beside_another_one_it_is_not(
    service, options, tmp_path
):
    resumed(service, options)
    made, champion = files(options), tmp_path / "champion.tar.gz"
    shutil.copyfile(options.out / "model.tar.gz", champion)
    beside, told = replace(options, champion=champion), list[str]()
    resumed(service, beside, told.append)
    assert told[-1] == TAKEN
    assert files(options) == made
    resumed(service, replace(beside, model=service.models[1]), told.append)
    shutil.copyfile(options.out / "model.tar.gz", champion)
    told.clear()
    resumed(service, beside, told.append)
    assert TAKEN not in told


def test_what_was_fitted_before_it_died_is_gone_on_with(service, options):
    def dies(text: str) -> None:
        if text.startswith("Evaluating"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resumed(service, options, dies)
    told: list[str] = []
    assert resumed(service, options, told.append).evidence
    assert any(GONE_ON in line for line in told)


def test_other_code_and_a_damaged_file_are_another_training(service, options, tmp_path):
    resumed(service, options)
    damaged = list((options.build / "training").glob("*.checkpoint"))
    assert damaged
    for kept in damaged:
        kept.write_bytes(kept.read_bytes()[:-20])
    told: list[str] = []
    resumed(service, options, told.append)
    assert TAKEN not in told
    (tmp_path / f"svc_{tmp_path.name}" / "more.py").write_text("MORE = 1\n")
    told.clear()
    resumed(service, options, told.append)
    assert TAKEN not in told


def test_only_the_trainings_that_were_used_last_are_kept(service, options, tmp_path, monkeypatch):
    monkeypatch.setattr("model.training.resumed.KEPT", 3)
    code = tmp_path / f"svc_{tmp_path.name}" / "more.py"
    told: list[str] = []
    for number in (1, 2, 1, 3, 1, 2):
        code.write_text(f"MORE = {number}\n")
        resumed(service, options, told.append)
    assert told.count(TAKEN) == 2, "1 is taken twice; 2 was used longest ago when 3 came, and is trained anew"
