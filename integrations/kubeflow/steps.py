"""What each component does: its command, and the artifacts of it as Kubeflow keeps them.

An artifact is whatever has `uri`, `path` and `metadata`, so this needs nothing of the SDK. Its metadata says
what proves it; that it is still so is looked at by whoever takes it.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from integrations.kubeflow import answers
from integrations.kubeflow.running import TaskFailedError, run

_WORK = Path(".build/dvc")
_MODEL = Path(".build/model/model.tar.gz")


class Artifact(Protocol):
    """An artifact of Kubeflow's: what it is, and where its bytes lie."""

    uri: str
    metadata: dict[str, Any]

    @property
    def path(self) -> str:
        """The file that the pod reads or writes it by."""


def ingest(project: str, retry_seconds: float, data: Artifact) -> None:
    """The data version, its bytes and its SHA-256."""
    run("ingest", Path(project), retry_seconds)
    shutil.copyfile(Path(project) / _WORK / "data.parquet", data.path)
    data.metadata |= _json(Path(project) / _WORK / "data.json")


def validate(project: str, retry_seconds: float, data: Artifact, found: Artifact) -> None:
    """What the data holds, of the version that was ingested."""
    run("validate", Path(project), retry_seconds)
    told = _json(Path(project) / _WORK / "validation.json")
    _same("validated", told["data_version"], data.metadata["version"])
    found.metadata |= {f"{part}.rows": told[part]["rows"] for part in ("train", "validation", "test")}
    found.metadata |= {"rows": told["rows"], "data_version": told["data_version"]}


def train(project: str, retry_seconds: float, data: Artifact, model: Artifact, found: Artifact) -> None:
    """The artifact and its evidence: trained on the bytes that were validated."""
    said = run("train", Path(project), retry_seconds)
    _same("trained on", said["source"]["data_sha256"], data.metadata["sha256"])
    shutil.copyfile(Path(project) / _MODEL, model.path)
    model.metadata |= {"sha256": said["model"]["sha256"], "data_sha256": said["source"]["data_sha256"]}
    found.metadata |= {name: value for name, value in said["evaluation"].items() if _is_number(value)}


def gate(project: str, retry_seconds: float, model: Artifact, results: Artifact) -> None:
    """The gates' results, of the artifact that was trained."""
    said = run("gate", Path(project), retry_seconds)
    _same("gated", said["sha256"], model.metadata["sha256"])
    results.metadata |= answers.gates(said["gates"])
    results.metadata["release"] = said["release"]


def bring(task: str, project: str, retry_seconds: float, model: Artifact, live: Artifact) -> None:
    """The release that a stage serves now: the artifact that came in, where the stage has it."""
    found = answers.live(Path(project), run(task, Path(project), retry_seconds))
    _same(f"{task}d", found["sha256"], model.metadata["sha256"])
    live.uri = found["model"]
    live.metadata |= {name: found[name] for name in ("release", "image", "sha256")}


def push(project: str, retry_seconds: float) -> None:
    """The pins are on the remote."""
    run("push", Path(project), retry_seconds)


def _same(done: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise TaskFailedError(
            f"What was {done} is {found}, and {wanted} came from the task before: somebody works in the same "
            "project. Nothing further is done. Run the pipeline again when they are through."
        )


def _json(file: Path) -> Mapping[str, Any]:
    return json.loads(file.read_text(encoding="utf-8"))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
