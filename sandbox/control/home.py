"""A sandbox's home folder: who owns it, the record of the one that runs, and a clean start.

Whether a sandbox runs is decided by the lock on `sandbox.lock` alone: the system releases it when the process
ends, however it ends.
"""

import errno
import fcntl
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from sandbox.core.settings import SandboxError, Settings

Ready = Callable[[dict[str, Any]], None]
"""Is told the record of a sandbox once its port answers."""

START_LIMIT = 60.0
"""Seconds that a starting sandbox may take to answer."""


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
        if not _take(lock):
            lock.close()
            return False
        self._lock = lock
        settings.record.unlink(missing_ok=True)  # of one that was killed
        return True

    def clean(self) -> None:
        """Delete what described the AWS that is gone; unpacked images and models stay. Needs `own`."""
        settings = self._settings
        try:
            for folder in (
                settings.registry,
                settings.pulumi_state,
                settings.endpoint_logs,
                settings.scratch,
                settings.jobs,
            ):
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


def _take(lock: IO[str]) -> bool:
    """Lock for this process alone; `is_running` of others may hold it for an instant."""
    for _ in range(20):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return True
    return False


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
        record = json.loads(settings.record.read_text())
    except (OSError, ValueError):
        return None
    return record if process_alive(record["pid"]) else None


def running_record(settings: Settings) -> dict[str, Any] | None:
    """As `read_record`, but waits for a sandbox that is just starting. Raises SandboxError."""
    deadline = time.monotonic() + START_LIMIT
    while is_running(settings):
        record = read_record(settings)
        if record is not None:
            return record
        if time.monotonic() > deadline:
            raise SandboxError(
                f"Another sandbox holds {settings.home} but does not get ready.",
                "Nothing was started.",
                f"See {settings.log}; end that process, then try again.",
                exit_code=4,
            )
        time.sleep(0.05)
    return None


def process_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return sys.platform != "linux"


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
