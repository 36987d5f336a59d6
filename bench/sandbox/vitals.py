"""What a sandbox uses of this machine: memory, open files, processes, files in its home. Linux only."""

import os
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from measuring.processes import descendants

PROC = Path("/proc")


@dataclass(frozen=True)
class Vitals:
    """One look at a sandbox."""

    memory: float
    """Resident MiB of the sandbox itself."""
    descriptors: int
    processes: int
    """Its descendants: supervisor, registry, model servers."""
    files: int
    """Files under its home."""
    cpu: float
    """Seconds of CPU that the sandbox itself has used since its start."""


def look(pid: int, home: Path) -> Vitals:
    """The vitals of the sandbox with this process id. Raises OSError when it is gone."""
    folder = PROC / str(pid)
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    return Vitals(
        memory=int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20),
        descriptors=len(list((folder / "fd").iterdir())),
        processes=len(descendants(pid)),
        files=sum(len(names) for _, _, names in os.walk(home)),
        cpu=(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
    )


def growth(samples: list[float]) -> float:
    """How much larger the end is than the beginning, as a share of it; below 0 when it is smaller.

    The first tenth warms up. The beginning is the median of the fifth after it, the end that of the last
    fifth.
    """
    count = len(samples)
    first = samples[count // 10 : max(count // 10 + count // 5, count // 10 + 1)]
    last = samples[-max(count // 5, 1) :]
    return median(last) / median(first) - 1 if median(first) else 0.0
