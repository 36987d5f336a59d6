"""What the server uses, looked at every few seconds, and what its windows say. It decides nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.serving.own_server import OwnServer, descriptors, memory
from measuring.processes import usage


@dataclass(frozen=True)
class Sample:
    """One look: memory in MB by process id, CPU seconds of all, open files of the workers."""

    seconds: float
    """Since the traffic began."""
    workers: Mapping[int, float]
    helpers: Mapping[int, float]
    cpu: float
    descriptors: int
    answered: int
    p50_ms: float
    p99_ms: float


@dataclass
class Told:
    """What all windows say together."""

    requests: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    refused_rows: int = 0
    errors: int = 0
    invalid: int = 0
    windows: int = 0
    gaps: int = 0
    """Windows that do not begin where their worker's last one ended."""


def look(server: OwnServer, seconds: float, answered: int, latencies: list[float]) -> Sample:
    """A look at the server; `latencies` are those of the answers since the last one."""
    workers, helpers = server.workers, server.helpers
    times = sorted(latencies) or [0.0]
    return Sample(
        seconds=round(seconds, 1),
        workers=_memory(workers),
        helpers=_memory(helpers),
        cpu=round(sum(usage([server.process.pid, *workers, *helpers]).cpu.values()), 2),
        descriptors=sum(map(descriptors, workers)),
        answered=answered,
        p50_ms=round(1e3 * times[len(times) // 2], 3),
        p99_ms=round(1e3 * times[len(times) * 99 // 100], 3),
    )


def summed(windows: Iterable[Mapping[str, Any]]) -> Told:
    """The sum of windows, in the order in which they were printed."""
    told = Told()
    ends: dict[str, float] = {}
    for window in windows:
        told.windows += 1
        told.requests += window["requests"]
        told.statuses.update(window["statuses"])
        told.rows += window["rows"]
        told.refused_rows += window["refused_rows"]
        told.errors += window.get("errors", 0)
        told.invalid += window.get("invalid", 0)
        told.gaps += abs(ends.get(window["worker"], window["start"]) - window["start"]) > 1e-6
        ends[window["worker"]] = window["end"]
    return told


def _memory(pids: Iterable[int]) -> dict[int, float]:
    found = {pid: memory(pid) for pid in pids}
    return {pid: round(used.now, 2) for pid, used in found.items() if used is not None}
