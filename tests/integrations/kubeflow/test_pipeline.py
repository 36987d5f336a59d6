"""What the pipeline compiles to, by Kubeflow's own compiler."""

import os
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from release.domain.retraining_tasks import TASKS
from tests.conftest import ROOT
from tests.integrations.kubeflow.kubeflow import PYTHON, needed

IMAGE = "registry.invalid/slipway@sha256:" + "a" * 64

pytestmark = [pytest.mark.sandbox, pytest.mark.long, needed]


def compiled(out: Path, image: str = IMAGE, expected: int = 0) -> str:
    """The file that is written; nothing where it is refused."""
    words = ("-m", "integrations.kubeflow.pipeline", "--image", image, "--claim", "the-clone", "--out", out)
    done = subprocess.run(
        (PYTHON, *words),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == expected, done.stderr
    return out.read_text() if out.is_file() else ""


def test_every_task_is_a_component_in_order_and_none_is_cached(tmp_path):
    text = compiled(tmp_path / "one.yaml")
    assert compiled(tmp_path / "two.yaml") == text
    spec, platform = yaml.safe_load_all(text)
    tasks = spec["root"]["dag"]["tasks"]
    assert set(tasks) == {task.name for task in TASKS}
    for before, after in pairwise(TASKS):
        assert before.name in tasks[after.name]["dependentTasks"]
    assert not any(task.get("cachingOptions", {}).get("enableCache") for task in tasks.values())
    executors = spec["deploymentSpec"]["executors"].values()
    assert {one["container"]["image"] for one in executors} == {IMAGE}
    assert "pip install" not in text
    mounted = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values()
    assert {one["pvcMount"][0]["mountPath"] for one in mounted} == {"/slipway/project"}
    assert len(mounted) == len(TASKS)


def test_artifacts_are_typed(tmp_path):
    spec = next(yaml.safe_load_all(compiled(tmp_path / "one.yaml")))
    made = {
        name: {
            key: value["artifactType"]["schemaTitle"]
            for key, value in component.get("outputDefinitions", {}).get("artifacts", {}).items()
        }
        for name, component in spec["components"].items()
    }
    assert made == {
        "comp-ingest": {"data": "system.Dataset"},
        "comp-validate": {"found": "system.Metrics"},
        "comp-train": {"model": "system.Model", "found": "system.Metrics"},
        "comp-gate": {"results": "system.Metrics"},
        "comp-release": {"live": "system.Model"},
        "comp-promote": {"live": "system.Model"},
        "comp-push": {},
    }


def test_an_image_that_may_be_another_tomorrow_is_refused(tmp_path):
    assert compiled(tmp_path / "one.yaml", "registry.invalid/slipway:latest", expected=2) == ""
