"""A sandbox's home folder: who owns it, the record of the one that runs, and a clean start.

The lock on `sandbox.lock` is the truth about whether a sandbox runs: the system lets it go when the process
ends, however it ends.
"""

import errno
import fcntl
import json
import shutil
from pathlib import Path
from typing import IO, Any

from sandbox.settings import SandboxError, Settings


class Home:
    """The home of `settings`, not yet owned."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock: IO[str] | None = None

    def own(self) -> bool:
        """Become the one sandbox of this home; False when another one is. Raises SandboxError."""
        settings = self._settings
        try:
            settings.log.parent.mkdir(parents=True, exist_ok=True)
            lock = settings.lock.open("a")
        except OSError as error:
            raise unusable(settings.home, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def clean(self) -> None:
        """Delete what described the AWS that is gone; unpacked images and models stay. Needs `own`."""
        settings = self._settings
        try:
            settings.record.unlink(missing_ok=True)
            for folder in (settings.registry, settings.pulumi_state, settings.endpoint_logs):
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
            for folder in (settings.images, settings.models):
                folder.mkdir(parents=True, exist_ok=True)
                for unfinished in folder.glob(".building-*"):
                    shutil.rmtree(unfinished, ignore_errors=True)
        except OSError as error:
            raise unusable(settings.home, error) from error

    def write_record(self, record: dict[str, Any]) -> None:
        """Say that this sandbox runs, in one step."""
        draft = self._settings.record.with_suffix(".tmp")
        try:
            draft.write_text(json.dumps(record) + "\n")
            draft.replace(self._settings.record)
        except OSError as error:
            raise unusable(self._settings.home, error) from error

    def leave(self) -> None:
        """Delete the record and let the lock go."""
        self._settings.record.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()


def is_running(settings: Settings) -> bool:
    """Whether a sandbox owns this home now."""
    if not settings.lock.exists():
        return False
    with settings.lock.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def read_record(settings: Settings) -> dict[str, Any] | None:
    """The record of the sandbox that runs in this home, or None when none does."""
    if not is_running(settings):
        return None
    try:
        return json.loads(settings.record.read_text())
    except (OSError, ValueError):
        return None


def unusable(home: Path, error: OSError) -> SandboxError:
    """The error of a home that cannot be written, said for people."""
    why = error.strerror or str(error)
    code = 4 if error.errno in (errno.ENOSPC, errno.EDQUOT) else 2
    return SandboxError(
        f"The sandbox's home {home} cannot be used: {why}.",
        "Nothing was started.",
        "Free some space, or choose another folder with --home.",
        exit_code=code,
    )
