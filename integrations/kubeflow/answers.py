"""What a command's answer and a stage's file say of artifacts: metadata, and where a release's bytes lie."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml


def gates(results: Sequence[Mapping[str, Any]]) -> dict[str, float | bool]:
    """The gates' results as metrics: of each whether it passed, and what was measured and asked for."""
    found: dict[str, float | bool] = {}
    for gate in results:
        found[f"{gate['name']}.passed"] = gate["passed"]
        found |= {
            f"{gate['name']}.{name}": gate[name] for name in ("value", "bound") if gate.get(name) is not None
        }
    return found


def live(project: Path, landed: Mapping[str, Any]) -> dict[str, str]:
    """The pin of the release that a command brought: release, image by digest, artifact's URI and SHA-256.

    Raises ValueError where the stage's file says that another one is live by now.
    """
    stage, endpoint, release = landed["stage"], landed["endpoint"], landed["release"]
    settings = yaml.safe_load((project / f"Pulumi.{stage}.yaml").read_text(encoding="utf-8"))["config"]
    pin = settings["slipway:endpoints"][endpoint]["live"]
    if pin["release"] != release:
        raise ValueError(f"Pulumi.{stage}.yaml says that {pin['release']} is live, not {release} any more.")
    return {name: pin[name] for name in ("release", "image", "model", "sha256")}
