"""What artifacts are told of a command's answer, and which command is tried again: without Kubeflow."""

import json
from pathlib import Path

import pytest

from integrations.kubeflow import answers
from integrations.kubeflow.running import TaskFailedError, answer, run

SCRIPT = """#!/bin/sh
echo "$1" >>tries
echo "$*" >>asked
echo '{"progress": 1}'
echo '{"release": "abc"}'
exit "$(sed -n "$(wc -l <tries)p" codes)"
"""


@pytest.fixture
def project(tmp_path) -> Path:
    """A project whose command ends with the codes of its file `codes`, a line a try."""
    (tmp_path / "slipway").write_text(SCRIPT)
    (tmp_path / "slipway").chmod(0o755)
    (tmp_path / "params.yaml").write_text("service: model/service\nmodel: logistic\n")
    (tmp_path / "Pulumi.yaml").write_text("stages: [{name: first}, {name: second}]\n")
    return tmp_path


def test_what_aws_failed_is_tried_again_and_the_last_answer_counts(project):
    (project / "codes").write_text("4\n143\n0\n")
    assert run("release", project, 0) == {"release": "abc"}
    assert (project / "tries").read_text() == "release\n" * 3


@pytest.mark.parametrize(
    ("code", "words"), [(1, "It is refused"), (2, "It is refused"), (3, "it needs a person")]
)
def test_what_is_refused_or_held_is_tried_once(project, code, words):
    (project / "codes").write_text(f"{code}\n0\n")
    with pytest.raises(TaskFailedError, match=words):
        run("release", project, 0)
    assert (project / "tries").read_text() == "release\n"


def test_the_second_stage_is_the_project_s_own(project):
    (project / "codes").write_text("0\n")
    run("promote", project, 0)
    assert (project / "asked").read_text() == "promote --json second\n"


def test_the_tries_have_an_end(project):
    (project / "codes").write_text("4\n" * 9)
    with pytest.raises(TaskFailedError, match="run again, goes on"):
        run("release", project, 0)
    assert (project / "tries").read_text() == "release\n" * 4


def test_an_answer_is_the_last_line_of_json():
    assert answer("words\n") == {}
    assert answer('{"a": 1}\nwords\n{"a": 2}\n') == {"a": 2}


def test_gates_are_told_with_what_was_measured_and_asked_for():
    told = answers.gates(
        [
            {"name": "auc", "passed": True, "value": 0.7, "bound": 0.68, "reason": "…"},
            {"name": "fence", "passed": False, "value": None, "bound": None, "reason": "…"},
        ]
    )
    assert told == {"auc.passed": True, "auc.value": 0.7, "auc.bound": 0.68, "fence.passed": False}


def test_what_is_live_is_what_the_command_brought(tmp_path):
    pin = {"release": "0123456789ab", "image": "i@sha256:1", "model": "s3://b/m", "sha256": "2"}
    (tmp_path / "Pulumi.dev.yaml").write_text(
        f"config: {{'slipway:endpoints': {{delays: {{live: {json.dumps(pin | {'capacity': 1})}}}}}}}\n"
    )
    landed = {"stage": "dev", "endpoint": "delays", "release": "0123456789ab"}
    assert answers.live(tmp_path, landed) == pin
    with pytest.raises(ValueError, match="not another any more"):
        answers.live(tmp_path, {**landed, "release": "another"})
