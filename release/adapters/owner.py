"""Who this process is, and whether the process of an earlier entry still lives."""

import getpass
import os
import socket
from pathlib import Path

from release.domain.ledger import STALE_SECONDS, Owner


def this_process() -> Owner:
    """The owner record of the running process."""
    pid = os.getpid()
    return Owner(
        host=socket.gethostname(),
        pid=pid,
        started=_started(pid) or 0,
        user=_user(),
        counted_in=_counted_in(),
    )


def is_alive(owner: Owner, silence: float | None) -> bool:
    """Whether `owner` still works: where its process can be seen from here by that, elsewhere by its heart.

    `silence` is how many seconds ago it last said that it works, None when it never did.
    """
    here = _counted_in()
    if owner.counted_in == here if owner.counted_in and here else owner.host == socket.gethostname():
        return _started(owner.pid) == owner.started
    return silence is not None and silence < STALE_SECONDS


def process_alive(pid: int) -> bool:
    """Whether a process with this id runs on this host (a zombie does not)."""
    return _started(pid) is not None


def _counted_in() -> str:
    """This boot of this kernel and a PID namespace of it (proc(5), pid_namespaces(7)); "" without /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


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
