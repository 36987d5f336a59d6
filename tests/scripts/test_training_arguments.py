"""What cannot be, and what would be ignored, is refused by the commands that train before anything begins."""

import pytest

from scripts import retrain, train, tune
from scripts.shared import cli
from tests.conftest import ROOT

JOB = ["--on", "sagemaker"]
SPOT, MINUTES = ["--spot"], ["--max-minutes", "1"]


@pytest.fixture(autouse=True)
def _nothing_begins(monkeypatch):
    """Neither a champion is fetched, nor a stage connected with, nor data loaded."""
    monkeypatch.setattr("scripts.shared.champion.of", lambda *of: pytest.fail("a champion was asked for"))
    monkeypatch.setattr("scripts.retrain.retrain", lambda *of: pytest.fail("it was begun"))


@pytest.mark.parametrize(
    ("argument", "value", "bounds"),
    [
        ("--trials", "0", "of 1 or more"),
        ("--trials", "many", "of 1 or more"),
        ("--seed", "-1", "from 0 to 2147483647"),
        ("--seed", "2147483648", "from 0 to 2147483647"),
        ("--parallel", "0", "from 1 to 100"),
        ("--parallel", "200", "from 1 to 100"),
        ("--max-minutes", "0", "from 1 to 40320"),
        ("--max-minutes", "40321", "from 1 to 40320"),
    ],
)
def test_a_number_that_cannot_be_is_refused_with_its_bounds(argument, value, bounds, capsys):
    with pytest.raises(SystemExit) as end:
        cli.execute(tune.COMMAND, [*JOB, f"{argument}={value}"])
    assert end.value.code == 2
    assert f"argument {argument}: {value} is no whole number {bounds}" in capsys.readouterr().err


@pytest.mark.parametrize("given", [SPOT, MINUTES, ["--stage", "dev"], ["--again"], ["--parallel", "1"]])
def test_what_only_a_job_has_is_refused_here(given, capsys):
    assert cli.execute(tune.COMMAND, given) == 2
    assert f"Only a training job has {given[0]};" in capsys.readouterr().err


def test_what_only_a_training_here_has_is_refused_to_a_job(capsys):
    assert cli.execute(train.COMMAND, [*JOB, "--resume"]) == 2
    assert "a job that has done the same is taken as it is" in capsys.readouterr().err


@pytest.mark.parametrize("command", [train.COMMAND, retrain.COMMAND])
def test_train_and_retrain_refuse_it_too(command, capsys):
    stage = ["dev"] if command is retrain.COMMAND else []
    assert cli.execute(command, [*stage, *SPOT, *MINUTES]) == 2
    assert "Only a training job has --spot, --max-minutes;" in capsys.readouterr().err


@pytest.mark.parametrize("parallel", ["1", "2"])
def test_a_service_without_a_space_starts_no_job(parallel, capsys, monkeypatch):
    monkeypatch.setattr("scripts.shared.champion.of", lambda *of: None)
    service = ["--service", str(ROOT / "model/skeletons/regression"), "--model", "linear"]
    assert cli.execute(tune.COMMAND, [*JOB, *service, "--parallel", parallel]) == 2
    said = capsys.readouterr().err
    assert "says of no parameter of linear what may be tried" in said
    assert "Loading the data" not in said
