"""What all rooms' tests share: trained models, made once for all workers of a run; no deadlines."""

import fcntl
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from demo.project import make_project

ROOT = Path(__file__).resolve().parents[1]
_SANDBOX_ALONE = re.compile(r"^pytestmark = .*\bpytest\.mark\.sandbox\b", re.MULTILINE)


def _without_sandbox(config: pytest.Config) -> bool:
    """Whether this run leaves out all tests marked `sandbox`, as `make test-unit` does."""
    wanted = config.option.markexpr
    return "not sandbox" in wanted and " or " not in wanted


def pytest_configure(config: pytest.Config) -> None:
    """Loads skops before any other library, where a test may use it.

    It asks every loaded module for all it has, and a loaded pulumi_aws then loads all of AWS.
    """
    if not _without_sandbox(config):
        import skops.io  # noqa: F401


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Does not even import a file of sandbox tests alone where none is wanted: its libraries take seconds."""
    if not _without_sandbox(config) or collection_path.suffix != ".py":
        return None
    return bool(_SANDBOX_ALONE.search(collection_path.read_text(encoding="utf-8"))) or None


# A deadline is seconds of the clock, and other tests and processes share the processor.
settings.register_profile("slipway", deadline=None)
settings.load_profile("slipway")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory) -> Path:
    """A folder that all workers of this run share; pytest makes it and clears it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def trained(shared_folder) -> dict[str, Path]:
    """Two real trained models, `logistic` and `boosting`: the folders that `./slipway train` left."""
    return {kind: _train_once(shared_folder, kind) for kind in ("logistic", "boosting")}


def _train_once(shared: Path, kind: str) -> Path:
    folder = shared / kind
    with (shared / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "evidence.json").exists():
            command = [sys.executable, "-m", "scripts.train", "--model", kind, "--out", str(folder), "--json"]
            env = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{shared / kind}.db"}
            done = subprocess.run(
                command,
                cwd=make_project(shared / "project"),
                env=env,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert json.loads((folder / "evidence.json").read_text())["gates"]
    return folder
