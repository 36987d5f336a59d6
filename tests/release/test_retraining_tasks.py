"""The tasks of a retraining: every command is one that there is, and exit codes mean what the README says."""

import argparse
import importlib

import pytest

from release.domain.retraining_tasks import BY_NAME, TASKS, Ending, training
from scripts.setup import push_pins
from tests.conftest import ROOT

PARAMETERS = {
    "service": "model/service",
    "model": "logistic",
    "options": {"months": "1-6"},
    "trackers": "none",
}


def test_what_is_trained_is_what_the_parameters_say():
    assert BY_NAME["train"].command(PARAMETERS) == (
        *("./slipway", "train", "--resume", "--json"),
        *("--service", "model/service", "--model", "logistic", "--trackers", "none", "--months", "1-6"),
    )
    assert training({"service": "s"}) == ("--service", "s")
    assert all(task.command(PARAMETERS) == task.words for task in TASKS if not task.trains)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_every_command_takes_its_arguments(task, capsys):
    program, *words = task.command(PARAMETERS)
    if program == "./slipway":
        command = importlib.import_module(f"scripts.{words[0]}").COMMAND
        parser = argparse.ArgumentParser()
        command.arguments(parser)
        command.further(parser, words[1:])
        parser.add_argument("--json", action="store_true")
        parser.parse_args(words[1:])
        return
    assert program == ".venv/bin/python"
    assert words[0] == "-m"
    assert (ROOT / words[1].replace(".", "/")).with_suffix(".py").is_file() or (
        ROOT / words[1].replace(".", "/") / "__main__.py"
    ).is_file()


def test_the_stages_of_dvc_that_it_runs_are_there():
    from model.training.dvc.stages import STAGES

    asked = [task.words[-1] for task in TASKS if "model.training.dvc" in task.words]
    assert asked == ["ingest", "validate"]
    assert set(asked) <= STAGES.keys()


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        (0, Ending.DONE),
        (1, Ending.REFUSED),
        (2, Ending.REFUSED),
        (3, Ending.HELD),
        (4, Ending.AGAIN),
        (5, Ending.REFUSED),
        (130, Ending.AGAIN),
        (143, Ending.AGAIN),
        (-9, Ending.AGAIN),
    ],
)
def test_only_what_another_try_may_end_is_tried_again(code, ending):
    assert BY_NAME["release"].ending(code) is ending


def test_a_remote_that_takes_no_commit_is_asked_again(monkeypatch):
    monkeypatch.setattr(push_pins, "git", lambda *words: (False, "it is not there"))
    assert BY_NAME["push"].ending(push_pins.main()) is Ending.AGAIN


def test_each_has_a_limit_and_only_moving_tasks_get_many_tries():
    assert [task.name for task in TASKS] == [
        *("ingest", "validate", "train", "gate", "release", "promote", "push"),
    ]
    assert all(0 < task.minutes <= 360 and 0 < task.retries <= 5 for task in TASKS)
