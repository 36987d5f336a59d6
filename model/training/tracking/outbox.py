"""Runs that wait to be sent: a folder each, until every tracker that was asked for has them.

A run appears here whole or not at all, before any tracker is asked: what is killed, unreachable or full
costs no record. Nobody else writes here.
"""

import json
import os
import shutil
from pathlib import Path

from model import artifact
from model.files import write
from model.training.tracking.run import Run, from_record

_RUN = "run.json"
_WAITING = "waiting.json"
"""The trackers that have not got it."""


class Outbox:
    """The runs below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, run: Run, trackers: tuple[str, ...]) -> None:
        """Keep `run` for these trackers. Raises OSError or ValueError when it cannot be written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        making = self.folder / f".{run.id}.{os.getpid()}"
        shutil.rmtree(making, ignore_errors=True)
        try:
            making.mkdir()
            (making / "files").mkdir()
            for name, content in run.files.items():
                (making / "files" / name).write_bytes(content)
            (making / _RUN).write_bytes(artifact.as_json(run.record()))
            (making / _WAITING).write_bytes(artifact.as_json(list(trackers)))
            making.rename(self.folder / run.id)
        except (OSError, ValueError):
            shutil.rmtree(making, ignore_errors=True)
            raise

    def forget(self, run: Run) -> None:
        """Keep it no longer, for whomever it waits."""
        shutil.rmtree(self.folder / run.id, ignore_errors=True)

    def ids(self) -> list[str]:
        """Of the runs that wait, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if not path.name.startswith("."))

    def read(self, name: str) -> tuple[Run, tuple[str, ...]]:
        """The run that waits by this id, and the trackers that it still waits for.

        Raises ValueError, which names the folder, when it is damaged.
        """
        return _read(self.folder / name)

    def sent(self, run: Run, tracker: str) -> None:
        """A tracker has it: it waits for that one no more, and goes with the last. Raises OSError."""
        folder = self.folder / run.id
        waiting = [name for name in _waiting(folder) if name != tracker]
        if waiting:
            write(folder / _WAITING, artifact.as_json(waiting))
            return
        # Renamed first: a folder that is being deleted is no run any more.
        gone = self.folder / f".{run.id}.sent"
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _read(folder: Path) -> tuple[Run, tuple[str, ...]]:
    try:
        files = {path.name: path.read_bytes() for path in sorted((folder / "files").iterdir())}
        return from_record((folder / _RUN).read_bytes(), files), tuple(_waiting(folder))
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder} holds no whole run ({type(error).__name__}: {error})") from None


def _waiting(folder: Path) -> list[str]:
    return list(json.loads((folder / _WAITING).read_bytes()))
