"""The processes of a server: which they are, what they use, and that none is left. Linux only."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
MB = 1e6
_POLL = 0.02
_ZOMBIE = "Z"


@dataclass(frozen=True)
class Usage:
    """What some processes use: memory in MB (PSS counts shared pages in parts), CPU seconds by process."""

    rss: float
    pss: float
    cpu: dict[int, float]


def on_core(cores: str, command: Sequence[str]) -> list[str]:
    """`command`, pinned to `cores` ("0", "0,1"); as it is where taskset is missing."""
    taskset = shutil.which("taskset")
    return [taskset, "-c", cores, *command] if taskset else list(command)


def members(leader: int) -> list[int]:
    """The processes of a session and all that descend from its leader, zombies left out."""
    found = {leader, *descendants(leader)}
    for folder in PROC.iterdir():
        if folder.name.isdecimal() and (fields := _stat(int(folder.name))) and int(fields[3]) == leader:
            found.add(int(folder.name))
    return sorted(pid for pid in found if (fields := _stat(pid)) and fields[0] != _ZOMBIE)


def descendants(pid: int) -> list[int]:
    """All processes below a process."""
    found: list[int] = []
    pending = [pid]
    while pending:
        try:
            tasks = list((PROC / str(pending.pop()) / "task").iterdir())
        except OSError:
            continue
        for task in tasks:
            try:
                children = [int(child) for child in (task / "children").read_text().split()]
            except OSError:
                continue
            found += children
            pending += children
    return found


def usage(pids: Iterable[int]) -> Usage:
    """What they use now; one that has ended uses nothing."""
    rss, pss, cpu = 0.0, 0.0, {}
    for pid in pids:
        fields = _stat(pid)
        if not fields or fields[0] == _ZOMBIE:
            continue
        cpu[pid] = (int(fields[11]) + int(fields[12])) / TICKS
        rss += int(fields[21]) * PAGE / MB
        pss += _pss(pid)
    return Usage(rss, pss, cpu)


def cpu_between(before: Usage, after: Usage) -> float:
    """Seconds of CPU from one look to the next, of the processes in the later one."""
    return sum(spent - before.cpu.get(pid, 0.0) for pid, spent in after.cpu.items())


def stop(process: subprocess.Popen[bytes], patience: float) -> None:
    """SIGTERM to the leader of a session; whatever is left of it after `patience` seconds is killed."""
    everyone = _born(process.pid)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    if not _gone(process, everyone, patience):
        everyone |= _born(process.pid)
        for pid, born in everyone.items():
            if _alive(pid, born):
                os.kill(pid, signal.SIGKILL)
        _gone(process, everyone, patience)


def _born(leader: int) -> dict[int, str]:
    """When each of them started, so that a number that is used again is not taken for it."""
    return {pid: fields[19] for pid in members(leader) if (fields := _stat(pid))}


def _alive(pid: int, born: str) -> bool:
    fields = _stat(pid)
    return bool(fields) and fields[0] != _ZOMBIE and fields[19] == born


def _gone(process: subprocess.Popen[bytes], born: dict[int, str], patience: float) -> bool:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if process.poll() is not None and not any(_alive(pid, at) for pid, at in born.items()):
            return True
        time.sleep(_POLL)
    return False


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; none when it is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _pss(pid: int) -> float:
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return 0.0
    line = next((line for line in text.splitlines() if line.startswith("Pss:")), "Pss: 0 kB")
    return int(line.split()[1]) * 1024 / MB
