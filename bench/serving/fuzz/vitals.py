"""Memory of a server while it is fuzzed, by how much of the run is over, and whether it stayed flat."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.serving.own_server import OwnServer, descriptors, memory

FROM = 0.2
"""Memory counts from this part of the run."""
SPAN = 0.05
"""The beginning and the end are medians over so much of it."""
MOST_PERCENT, MOST_MB = 3.0, 5.0
"""Growth up to either is flat."""
ENOUGH_INPUTS = 20_000
"""Fewer inputs show growth that means nothing: a server is warm when it has met everything once."""


@dataclass(frozen=True)
class Look:
    """One look: `part` of the run is over. Memory in MB; open files of the worker."""

    part: float
    worker: float
    helpers: float
    files: int


def look(server: OwnServer, part: float) -> Look:
    """The server now. A worker that is gone has no memory."""
    pid = server.process.pid
    used, others = memory(pid), [memory(helper) for helper in server.helpers]
    return Look(
        round(part, 4),
        round(used.now, 2) if used else 0.0,
        round(sum(other.now for other in others if other), 2),
        descriptors(pid),
    )


def ends(looks: Sequence[Look]) -> tuple[float, float]:
    """The worker's memory at FROM of the run, and at its end, in MB."""
    before = [each.worker for each in looks if FROM - SPAN <= each.part <= FROM + SPAN]
    after = [each.worker for each in looks if each.part >= 1 - SPAN]
    return (median(before), median(after)) if before and after else (0.0, 0.0)


def is_flat(before: float, after: float) -> bool:
    """Whether a growth from `before` to `after` MB is none."""
    return 0 < after <= max(before * (1 + MOST_PERCENT / 100), before + MOST_MB)
