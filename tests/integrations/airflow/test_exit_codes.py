"""What Airflow makes of how a command ends: the commands are scripts that end as a test wants it."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.integrations.airflow.airflow import Airflow, needed

pytestmark = [pytest.mark.sandbox, pytest.mark.long, needed]

SCRIPT = """#!/bin/sh
case "$1" in -m) name=${3:-${2##*.}} ;; *) name=$1 ;; esac
echo "$name" >>tries
echo "$*" >>asked
code=$(sed -n "s/^$name //p" codes | sed -n "$(grep -c "^$name$" tries)p")
case "$code" in never)
  trap 'kill $!; echo "$name" >>recorded; exit 4' TERM
  sleep 900 & wait $!
esac
exit "${code:-0}"
"""
LIMITED = """# The DAG as Airflow has it, with a limit of seconds in the place of hours.
import runpy
from datetime import timedelta

retraining = runpy.run_path({dag!r})["retraining"]
retraining.get_task("release").execution_timeout = timedelta(seconds=10)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Airflow's home, which the tests of this file share: each looks at its newest run."""
    folder = tmp_path_factory.mktemp("home")
    Airflow(folder, folder, {}).migrate()
    return folder


@pytest.fixture
def airflow(home, tmp_path) -> Airflow:
    """A project whose commands end with the codes of its file `codes`, a line a try; `never`: by SIGTERM."""
    project = tmp_path / "project"
    for name in ("slipway", ".venv/bin/python"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(SCRIPT)
        (project / name).chmod(0o755)
    (project / "params.yaml").write_text("service: model/service\nmodel: logistic\n")
    (project / "Pulumi.yaml").write_text("stages: [{name: first}, {name: second}]\n")
    return Airflow(home, project, {})


def ends(airflow: Airflow, codes: str) -> tuple[dict[str, tuple[str | None, int]], list[str], str]:
    """How the tasks ended, which commands were tried, and what was said."""
    (airflow.project / "codes").write_text(codes)
    said = airflow.run()
    return airflow.tasks(), (airflow.project / "tries").read_text().split(), said


def test_what_aws_failed_is_tried_again_and_goes_on(airflow):
    tasks, tried, _ = ends(airflow, "release 4\nrelease 130\nrelease 0\npush_pins 1\n")
    assert {name: state for name, (state, _) in tasks.items()} == dict.fromkeys(tasks, "success")
    assert tasks["release"] == ("success", 3)
    assert tried == [
        *("ingest", "validate", "train", "gate", "release", "release", "release", "promote"),
        *("push_pins", "push_pins"),
    ]
    assert "promote --json second" in (airflow.project / "asked").read_text().splitlines()


@pytest.mark.parametrize(
    ("code", "words"), [(1, "It is refused"), (2, "It is refused"), (3, "it needs a person")]
)
def test_what_is_refused_or_held_fails_at_once_and_nothing_comes_after(airflow, code, words):
    tasks, tried, said = ends(airflow, f"release {code}\n")
    assert tasks["release"] == ("failed", 1)
    assert tasks["promote"][0] == tasks["push"][0] == "upstream_failed"
    assert tried == ["ingest", "validate", "train", "gate", "release"]
    assert f"ended with {code}. " in said
    assert words in said


def test_at_its_limit_a_command_is_ended_by_sigterm_and_tried_again(airflow, tmp_path):
    limited = replace(airflow, dags=tmp_path / "dags")
    limited.dags.mkdir()
    (limited.dags / "limited.py").write_text(LIMITED.format(dag=str(airflow.dags / "slipway_retraining.py")))
    tasks, tried, said = ends(limited, "release never\nrelease 0\n")
    assert tasks["release"] == ("success", 2), said
    assert (airflow.project / "recorded").read_text() == "release\n"
    assert tried[-3:] == ["release", "promote", "push_pins"]
    assert tasks["push"] == ("success", 1)


def test_after_a_run_that_failed_the_next_one_needs_no_clearing(airflow):
    tasks, _, _ = ends(airflow, "release 3\n")
    assert tasks["release"] == ("failed", 1)
    (airflow.project / "tries").unlink()
    tasks, tried, said = ends(airflow, "")
    assert set(tasks.values()) == {("success", 1)}, said
    assert tried == ["ingest", "validate", "train", "gate", "release", "promote", "push_pins"]
