"""Kubeflow's local runner: runs the pipeline once in a project, and says what its components made."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

PYTHON = ROOT / ".tools" / "kubeflow" / "bin" / "python"
PATIENCE = 1800.0
needed = pytest.mark.skipif(not PYTHON.is_file(), reason="Kubeflow's SDK is not here: make kubeflow-tools")


@dataclass(frozen=True)
class Ran:
    """One run: whether it ended well, what was said, and the artifacts of each component that did."""

    code: int
    said: str
    made: dict[str, dict[str, dict[str, Any]]]

    def metadata(self, task: str, name: str) -> dict[str, Any]:
        """What is known of one artifact."""
        return self.made[task][name]["metadata"]


def ran(project: Path, folder: Path, env: dict[str, str]) -> Ran:
    """Run it in `project`; artifacts are kept in `folder`. A pod's `env` is its role, and where AWS is."""
    done = subprocess.run(
        (PYTHON, "-m", "tests.integrations.kubeflow.program", project, folder),
        cwd=ROOT,
        env=os.environ | env | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return Ran(done.returncode, done.stdout + done.stderr, json.loads(lines[-1]) if lines else {})
