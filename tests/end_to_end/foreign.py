"""The container of docs/foreign.md, as an image and an artifact of somebody else, with the evidence there."""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.testing import SandboxHandle
from tests.conftest import ROOT
from tests.sandbox.images import crane, tar

PAGE = ROOT / "docs" / "foreign.md"
WEIGHTS = b"[0.1, 0.2]"
REPOSITORY = "of-somebody-else"


def block(language: str) -> str:
    """The one block of the page in a language."""
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return found


@dataclass(frozen=True)
class Container:
    """What somebody else hands over: an image by digest, an artifact, and what is said of both."""

    image: str
    artifact: Path
    evidence: Path

    @property
    def arguments(self) -> tuple[str, ...]:
        """The options of `release` for it."""
        return (
            *("--image", self.image),
            *("--artifact", str(self.artifact)),
            *("--evidence", str(self.evidence)),
        )


def container(
    sandbox: SandboxHandle,
    folder: Path,
    server: Mapping[str, str] | None = None,
    said: Callable[[dict[str, Any]], object] = lambda evidence: None,
) -> Container:
    """The page's container, pushed; `server` is what is changed in its program, `said` in its evidence."""
    folder.mkdir(parents=True, exist_ok=True)
    program = block("python")
    for old, new in (server or {}).items():
        assert program.count(old) == 1, old
        program = program.replace(old, new)
    artifact = folder / "model.tar.gz"
    artifact.write_bytes(gzip.compress(tar({"weights.json": WEIGHTS}), mtime=0))
    evidence = json.loads(block("json"))
    evidence["artifact_sha256"] = hashlib.sha256(artifact.read_bytes()).hexdigest()
    said(evidence)
    (folder / "evidence.json").write_text(json.dumps(evidence))
    return Container(_pushed(sandbox, folder, program), artifact, folder / "evidence.json")


def _pushed(sandbox: SandboxHandle, folder: Path, program: str) -> str:
    """An image of that program alone, in a repository that no stage has; its reference by digest."""
    ecr = sandbox.client("ecr")
    found = ecr.describe_repositories()["repositories"]
    uri = next((one["repositoryUri"] for one in found if one["repositoryName"] == REPOSITORY), None)
    if uri is None:
        uri = ecr.create_repository(repositoryName=REPOSITORY)["repository"]["repositoryUri"]
    (folder / "layer.tar").write_bytes(tar({"app/server.py": program.encode()}))
    tag = hashlib.sha256(program.encode()).hexdigest()[:12]
    made = folder / "image.tar"
    crane(
        ["append", "--oci-empty-base", "-f", str(folder / "layer.tar"), "-t", f"{uri}:{tag}", "-o", str(made)]
    )
    crane(["push", str(made), f"{uri}:plain-{tag}"])
    mutated = crane(["mutate", f"{uri}:plain-{tag}", "--entrypoint", "/app/server.py", "-t", f"{uri}:{tag}"])
    return f"{uri}@{mutated.rpartition('@')[2]}"
