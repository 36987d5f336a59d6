"""Who this process is, and whether the process of an earlier entry still lives."""

import getpass
import os
import socket
from datetime import datetime
from pathlib import Path

from release.domain.ledger import STALE_SECONDS, Owner


def this_process() -> Owner:
    """The owner record of the running process."""
    pid = os.getpid()
    return Owner(host=socket.gethostname(), pid=pid, started=_started(pid) or 0, user=_user())


def is_alive(owner: Owner, heartbeat: datetime | None, now: datetime) -> bool:
    """Whether `owner` still works: on this host by its process, elsewhere by its last heartbeat (UTC)."""
    if owner.host == socket.gethostname():
        return _started(owner.pid) == owner.started
    return heartbeat is not None and (now - heartbeat).total_seconds() < STALE_SECONDS


def process_alive(pid: int) -> bool:
    """Whether a process with this id runs on this host (a zombie does not)."""
    return _started(pid) is not None


def _started(pid: int) -> int | None:
    """Start time in clock ticks since boot from /proc (proc(5)), None for no such process or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return _without_proc(pid)
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def _without_proc(pid: int) -> int | None:
    if Path("/proc/self/stat").exists():
        return None
    try:  # a system without /proc: the process id alone has to do
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return 0
    return 0


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        return str(os.getuid())
