"""The tasks of a retraining: every command is one that there is, and exit codes mean what the README says."""

import argparse
import importlib

import pytest

from release.domain.errors import UsageError
from release.domain.retraining_tasks import BY_NAME, TASKS, Ending, commands, training
from scripts.setup import push_pins
from tests.conftest import ROOT

PARAMETERS = {
    "service": "model/service",
    "model": "logistic",
    "options": {"months": "1-6"},
    "trackers": "none",
}
PROJECT = {"stages": [{"name": "dev"}, {"name": "staging"}, {"name": "prod"}]}


def test_what_is_trained_is_what_the_parameters_say():
    asked = commands(PARAMETERS, PROJECT)
    assert asked["train"] == (
        *("./slipway", "train", "--resume", "--json"),
        *("--service", "model/service", "--model", "logistic", "--trackers", "none", "--months", "1-6"),
    )
    assert training({"service": "s"}) == ("--service", "s")
    plain = [task for task in TASKS if not task.trains and not task.promotes]
    assert len(plain) == len(TASKS) - 2
    assert all(asked[task.name] == task.words for task in plain)


def test_the_second_stage_is_the_project_s_own():
    listed = [{"name": "try"}, {"name": "live", "soak_minutes": 30}, {"name": "late"}]
    assert commands(PARAMETERS, {"stages": listed})["promote"] == ("./slipway", "promote", "--json", "live")


@pytest.mark.parametrize("project", [{}, {"stages": []}, {"stages": [{"name": "dev"}]}])
def test_a_project_without_a_second_stage_is_refused_before_its_first_task(project):
    with pytest.raises(UsageError, match="lists no second stage") as refused:
        commands(PARAMETERS, project)
    assert "under `stages:`" in refused.value.next_step


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_every_command_takes_its_arguments(task, capsys):
    program, *words = commands(PARAMETERS, PROJECT)[task.name]
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
