"""What is recorded of one training, as a value that outlives its process."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from model import artifact

MODEL = "model.tar.gz"
DRAWING = ".png"
"""How the names of drawings end."""


@dataclass(frozen=True)
class Run:
    """One training: what it was given, what was measured, and the files that it made."""

    id: str
    """Of this training, everywhere: a tracker that has it already is not given it twice."""
    service: str
    parameters: Mapping[str, str | int | float | None]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    data_version: str
    passed: bool
    """Whether it passed every gate."""
    files: Mapping[str, bytes]
    """By name; `model.tar.gz` among them."""
    trials: Sequence[Mapping[str, Any]] = ()
    """Of the search that found its parameters: each with `number`, `parameters` and `value`."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of its model.tar.gz, which a release names it by."""
        return artifact.sha256(self.files[MODEL])

    def model_files(self) -> dict[str, bytes]:
        """What its model.tar.gz holds. Raises ValueError when it is damaged."""
        return artifact.read(self.files[MODEL])

    def record(self) -> dict[str, Any]:
        """As JSON data, without the files' contents."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "files"}


def from_record(content: bytes, files: Mapping[str, bytes]) -> Run:
    """The run that `record` described. Raises ValueError when it is none."""
    try:
        found: dict[str, Any] = json.loads(content)
        found["trials"] = tuple(found.get("trials", ()))
        return Run(**found, files=files)
    except (AttributeError, TypeError) as error:
        raise ValueError(f"no run: {error}") from None


@dataclass(frozen=True)
class Sent:
    """Where a tracker keeps a run."""

    run: str
    """The tracker's own id of it."""
    version: str = ""
    """Of the registered model, where the tracker has such."""
