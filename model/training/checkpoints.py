"""Steps of a training that are done, kept so that whoever begins the same one again goes on after them.

A checkpoint is one file, whole or not at all, and begins with the SHA-256 of the archive that follows: one
that is damaged, cut short by whatever copied it, or of another training counts as none, and its step is done
again. The archive's own checksums do not say that: whoever reads a tar stops where its last file ends.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from model import artifact
from model.errors import OutputError
from model.files import write

_LENGTH = 12
_ENDS = ".checkpoint"


class Checkpoints:
    """The checkpoints of one training in a folder; without a folder there are none, and none is kept."""

    def __init__(self, folder: Path | None = None, training: Mapping[str, Any] | None = None) -> None:
        """`training` is all that decides what the steps make: another one has checkpoints of its own."""
        self._folder = folder
        self._training = artifact.sha256(artifact.as_json(training or {}))[:_LENGTH]

    def read(self, step: str) -> Mapping[str, bytes] | None:
        """The files that a step made; None where it has to be done."""
        if self._folder is None:
            return None
        try:
            return _files(self._path(self._folder, step).read_bytes())
        except (OSError, ValueError):
            return None

    def keep(self, step: str, files: Mapping[str, bytes]) -> None:
        """Keep what a step made. Raises OutputError."""
        if self._folder is None:
            return
        try:
            write(self._path(self._folder, step), _framed(artifact.pack(files)))
        except OSError as error:
            raise OutputError(
                f"The checkpoint of the step {step} could not be kept in {self._folder}: {error}",
                "The training ended there; a training that begins again does that step again.",
                "Give it more disk space, or correct the folder's permissions, and begin it again.",
            ) from error

    def drop(self) -> None:
        """Delete what this training kept. What cannot be deleted stays, and is read by it alone."""
        for path in self._folder.glob(f"*-{self._training}{_ENDS}") if self._folder else ():
            with suppress(OSError):
                path.unlink()

    def _path(self, folder: Path, step: str) -> Path:
        return folder / f"{step}-{self._training}{_ENDS}"


def _framed(archive: bytes) -> bytes:
    return f"{artifact.sha256(archive)}\n".encode() + archive


def _files(kept: bytes) -> Mapping[str, bytes]:
    """What a checkpoint holds. Raises ValueError where a bit of it is not as it was kept."""
    said, _, archive = kept.partition(b"\n")
    if said != artifact.sha256(archive).encode():
        raise ValueError("its bytes are not those that were kept")
    return artifact.read(archive)
