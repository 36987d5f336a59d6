"""Bad models for the demo and the tests: changed copies of a trained one that must be refused or taken back.

Only the copies are changed; what training left stays as it is.
"""

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from release.domain.names import canonical_json

FILES = ("model.tar.gz", "evidence.json", "golden.json")
Change = Callable[[dict[str, Any]], None]


def damaged(source: Path, target: Path) -> Path:
    """A copy whose graph lost its last byte after it was checked: its container must not start."""
    _copied(source, target)
    archive = target / "model.tar.gz"
    with tarfile.open(source / "model.tar.gz") as old, tarfile.open(archive, "w:gz") as new:
        for member in old:
            content = (old.extractfile(member) or io.BytesIO()).read()
            if member.name.endswith("model.onnx"):
                content = content[:-1]
                member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    data = archive.read_bytes()
    record = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    return with_evidence(target, target, lambda evidence: evidence.update(model=record))


def with_evidence(source: Path, target: Path, change: Change) -> Path:
    """A copy whose evidence was changed by `change`, in place."""
    _copied(source, target)
    evidence = json.loads((source / "evidence.json").read_text())
    change(evidence)
    (target / "evidence.json").write_bytes(canonical_json(evidence))
    return target


def with_golden(source: Path, target: Path, change: Change) -> Path:
    """A copy whose golden requests were changed by `change`, in place, and whose evidence names them."""
    golden = json.loads((source / "golden.json").read_text())
    change(golden)
    data = canonical_json(golden)
    digest = hashlib.sha256(data).hexdigest()
    with_evidence(source, target, lambda evidence: evidence.update(golden_sha256=digest))
    (target / "golden.json").write_bytes(data)
    return target


def _copied(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    if source != target:
        for name in FILES:
            shutil.copy(source / name, target / name)
