"""Project folders: a copy of the stages' data that runs the same program, so that a trial leaves Git alone.

The demo and the tests work in such a folder. Promotions edit its Pulumi.<stage>.yaml, never the repository's.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from release.domain.paging import Told

ROOT = Path(__file__).resolve().parents[1]
TIME_SCALE = 240
"""How much shorter a sandbox waits than AWS, so that watching a canary for 240 s takes a second."""

GUARDED = {
    "strategy": "canary",
    "step_percent": 10,
    "wait_seconds": 240,
    "termination_seconds": 240,
    "timeout_seconds": 14_400,
}
"""A rollout under alarms, for stages that nobody calls: there is nothing to judge by.

Its waits are the shortest that alarms need, and its limit leaves a server that starts slowly its minute.
"""

AT_ONCE = {"strategy": "all-at-once", "termination_seconds": 0, "timeout_seconds": 14_400}
"""As dev's own, with the same limit."""

TOLERANT = {
    "beta": 0.05,
    "min_seconds": 15,
    "memory_seconds": 60,
    "errors": {"pass_plus": 0.01, "pass_at_most_plus": 0.02},
    "invalid": {"fail_plus": 0.0005, "pass_plus": 0.01, "pass_at_most_plus": 0.02},
    "latency": {"p99": {"fail": 1.15, "passes": 3.0}},
}
"""A judge with wider PASS margins than a stage would have, so that a minute of traffic decides.

Every FAIL margin is the default.
"""


def make_project(folder: Path, root: Path = ROOT) -> Path:
    """Make `folder` a project with the stages of `root` and its program; returns the folder.

    The folder's Pulumi.yaml names the program and the virtual environment by absolute path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stage_file in root.glob("Pulumi.*.yaml"):
        shutil.copy(stage_file, folder / stage_file.name)
    shutil.copy(ROOT / ".gitattributes", folder / ".gitattributes")
    yaml = YAML()
    project = yaml.load((root / "Pulumi.yaml").read_text(encoding="utf-8"))
    project["main"] = str(root / project["main"])
    project["runtime"]["options"]["virtualenv"] = str(root / ".venv")
    with (folder / "Pulumi.yaml").open("w", encoding="utf-8") as out:
        yaml.dump(project, out)
    launcher = folder / "slipway"
    launcher.unlink(missing_ok=True)
    launcher.symlink_to(root / "slipway")
    return folder


def guarded_project(folder: Path) -> Path:
    """A project folder whose later stages roll out under alarms, as nobody calls them, and tell nobody."""
    make_project(folder)
    change_stage(folder, "dev", AT_ONCE)
    for stage in ("staging", "prod"):
        change_stage(folder, stage, GUARDED)
        tell(folder, stage, "nothing")
    return folder


def tell(project: Path, stage: str, what: Told) -> None:
    """Say what is told of the health of every endpoint of a project's stage."""
    yaml, path = YAML(), project / f"Pulumi.{stage}.yaml"
    document = yaml.load(path.read_text(encoding="utf-8"))
    for endpoint in document["config"]["slipway:endpoints"].values():
        endpoint["monitoring"] = {"paging": {"tell": what}}
    with path.open("w", encoding="utf-8") as out:
        yaml.dump(document, out)


def change_stage(
    project: Path,
    stage: str,
    rollout: Mapping[str, Any],
    judge: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Set the rollout of every endpoint of a project's stage, what its judge tolerates, and variables."""
    yaml, path = YAML(), project / f"Pulumi.{stage}.yaml"
    document = yaml.load(path.read_text(encoding="utf-8"))
    for endpoint in document["config"]["slipway:endpoints"].values():
        endpoint["rollout"] = dict(rollout)
        if environment is not None:
            endpoint["environment"] = dict(environment)
    if judge is not None:
        document["config"]["slipway:judge"] = dict(judge)
    with path.open("w", encoding="utf-8") as out:
        yaml.dump(document, out)
