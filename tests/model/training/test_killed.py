"""A training that is killed at any moment leaves a whole model or none, and loses no finished run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from model import artifact
from model.training.tracking.outbox import Outbox
from model.training.tracking.run import MODEL

pytestmark = [pytest.mark.sandbox, pytest.mark.kill, pytest.mark.xdist_group("training")]

TRACK = [sys.executable, "-m", "scripts.track", "--json"]
KILLS = int(os.environ.get("SLIPWAY_TEST_LIVES", "12"))


def command(project: Path, out: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    arguments = [sys.executable, "-m", "scripts.train", "--model", "logistic", "--out", out]
    return subprocess.Popen(
        arguments, cwd=project, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("kills", [1, pytest.param(KILLS, marks=pytest.mark.long)])
def test_a_killed_training_leaves_whole_things_or_none(tmp_path, kills):
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\nruntime: python\nstages: [{name: dev}]\n")
    assert command(tmp_path, "whole").wait() == 0
    finished = {json.loads((tmp_path / "whole" / "evidence.json").read_text())["model"]["sha256"]: 1}
    moments = Random(1)  # noqa: S311 - moments, not secrets
    for number in range(kills):
        out = tmp_path / f"out{number}"
        process = command(tmp_path, out.name)
        assert process.stderr is not None
        # The last steps are where files are: most kills are after the graph is packaged.
        step = moments.choice(["Fitting", "Packaging", "Packaging", "Recording", "Recording", "Recording"])
        assert any(step in line for line in process.stderr)
        time.sleep(moments.uniform(0.0, 2.0))
        process.send_signal(signal.SIGKILL)
        process.stderr.close()
        process.wait()
        if (out / "evidence.json").exists():
            evidence = json.loads((out / "evidence.json").read_text())
            assert evidence["model"]["sha256"] == artifact.sha256((out / MODEL).read_bytes())
            finished[evidence["model"]["sha256"]] = finished.get(evidence["model"]["sha256"], 0) + 1
        outbox = Outbox(tmp_path / ".build" / "tracking" / "outbox")
        for run, waits in map(outbox.read, outbox.ids()):
            assert (run.model_files().keys() >= {artifact.GRAPH}, waits) == (True, ("mlflow",))

    sent = subprocess.run([*TRACK, "--resend"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert sent.returncode == 0, sent.stderr
    listed = subprocess.run(TRACK, cwd=tmp_path, capture_output=True, text=True, check=True)
    runs = json.loads(listed.stdout)["runs"]
    assert len({run["id"] for run in runs}) == len(runs), "a run is there twice"
    assert all(run["version"] for run in runs), "a run has no version"
    for sha256, count in finished.items():
        assert sum(run["sha256"] == sha256 for run in runs) >= count
