"""Steps of a training that are done, kept so that whoever begins the same one again goes on after them.

A checkpoint is one file, whole or not at all, and begins with the SHA-256 of the archive that follows: one
that is damaged, cut short by whatever copied it, or of another training counts as none, and its step is done
again. The archive's own checksums do not say that: whoever reads a tar stops where its last file ends.
"""

import fcntl
from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any

from model import artifact
from model.errors import OutputError
from model.files import write

_LENGTH = 12
_ENDS = ".checkpoint"
_LOCK = ".lock"


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

    @contextmanager
    def held(self) -> Generator[None]:
        """For whoever trains: nobody prunes the folder meanwhile. The lock ends with the process, too."""
        with self._locked(fcntl.LOCK_SH) or nullcontext():
            yield

    def prune(self, trainings: int) -> None:
        """Leave the checkpoints of those `trainings` that were used last, of which this is one, used now.

        While anybody trains in the folder all stay, and so they do where the file system knows no locks.
        """
        lock = self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB)
        if self._folder is None or lock is None:
            return
        with lock, suppress(OSError):
            for path in self._folder.glob(f"*-{self._training}{_ENDS}"):
                path.touch()
            used: dict[str, float] = {}
            for path in self._folder.glob(f"*{_ENDS}"):
                used[_training(path)] = max(used.get(_training(path), 0.0), path.stat().st_mtime)
            left = sorted(used, key=used.__getitem__)[-trainings:]
            for path in self._folder.glob(f"*{_ENDS}"):
                if _training(path) not in left:
                    path.unlink()

    def drop(self) -> None:
        """Delete what this training kept. What cannot be deleted stays, and is read by it alone."""
        for path in self._folder.glob(f"*-{self._training}{_ENDS}") if self._folder else ():
            with suppress(OSError):
                path.unlink()

    def _locked(self, how: int) -> IO[str] | None:
        """The folder's lock; None where it is not to be had."""
        if self._folder is None:
            return None
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = (self._folder / _LOCK).open("w")
            try:
                fcntl.flock(lock, how)
            except OSError:
                lock.close()
                raise
            return lock
        return None

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


def _training(path: Path) -> str:
    return path.name.removesuffix(_ENDS).rpartition("-")[2]
