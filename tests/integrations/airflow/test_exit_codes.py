"""What Airflow makes of a command's exit code: the commands are scripts that end as a test wants it."""

import pytest

from tests.integrations.airflow.airflow import Airflow, needed

pytestmark = [pytest.mark.sandbox, pytest.mark.long, needed]

SCRIPT = """#!/bin/sh
case "$1" in -m) name=${3:-${2##*.}} ;; *) name=$1 ;; esac
echo "$name" >>tries
code=$(sed -n "s/^$name //p" codes | sed -n "$(grep -c "^$name$" tries)p")
exit "${code:-0}"
"""


@pytest.fixture
def airflow(tmp_path) -> Airflow:
    """A project whose commands end with the codes of its file `codes`, a line a try."""
    project = tmp_path / "project"
    for name in ("slipway", ".venv/bin/python"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(SCRIPT)
        (project / name).chmod(0o755)
    (project / "params.yaml").write_text("service: model/service\nmodel: logistic\n")
    return Airflow(tmp_path / "home", project, {}).migrate()


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
