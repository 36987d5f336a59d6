"""Medians, ratios and bars of what was measured. Pure: values in, values out."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.users import Timed

IMPORT = "python -c 'import infra.stack'"
START = "sandbox: start to first answer"
GROW = "pulumi up that makes the endpoints"
STATUS = "status"
UP = "pulumi up, nothing to do"
RELEASE = "release of one"
ANSWERS = "rollback of one: until the old version answers"
ROLLBACK = "rollback of one: until it is done"

BARS = {IMPORT: 1.5, STATUS: 5.0, RELEASE: 15.0, ANSWERS: 5.0, ROLLBACK: 12.0}
"""Seconds that each stays under, in a stage of up to 100 endpoints."""
BAR_ENDPOINTS = 100
UP_BARS = {1: 5.0}
"""The same for `pulumi up` with nothing to do, which grows with the stage, by its number of endpoints."""
UP_EARLIER = {1: 1.6, 10: 3.4, 50: 8.3, 100: 13.6}
"""What `pulumi up` with nothing to do took when it was first measured: near a line."""


@dataclass
class Figure(Timed):
    """One thing that was measured at one size of the stage."""

    endpoints: int
    yardstick: str = ""

    @property
    def cpu(self) -> float:
        """Median seconds of the processor."""
        return median(run.cpu for run in self.runs)

    @property
    def bar(self) -> float | None:
        """Seconds that it has to stay under; None where nothing was promised."""
        if self.what == UP:
            return UP_BARS.get(self.endpoints)
        return BARS.get(self.what) if self.endpoints <= BAR_ENDPOINTS else None

    @property
    def met(self) -> bool | None:
        """Whether the bar holds; None without one."""
        return None if self.bar is None else self.wall < self.bar

    def record(self) -> dict[str, Any]:
        """As JSON data, with all raw seconds."""
        return {
            "what": self.what,
            "endpoints": self.endpoints,
            "wall": self.wall,
            "cpu": self.cpu,
            "bar": self.bar,
            "met": self.met,
            "yardstick": self.yardstick,
            "ratio": self.ratio,
            "wall_runs": [run.wall for run in self.runs],
            "cpu_runs": [run.cpu for run in self.runs],
            "yardstick_wall_runs": [run.wall for run in self.yardstick_runs],
        }


def beside(figure: Figure) -> str:
    """What a figure is to be seen beside, in words: its bar, or what it was before."""
    if figure.bar is not None:
        return f"under {figure.bar:g} s"
    earlier = UP_EARLIER.get(figure.endpoints) if figure.what == UP else None
    return "" if earlier is None else f"{earlier:g} s earlier ({figure.wall / earlier:.2f}x)"


def per_endpoint(found: Sequence[Figure], what: str) -> float | None:
    """Seconds that each further endpoint adds, from the smallest stage to the largest; None for one size."""
    sizes = sorted((figure.endpoints, figure.wall) for figure in found if figure.what == what)
    if len(sizes) < 2 or sizes[0][0] == sizes[-1][0]:
        return None
    (few, quick), (many, slow) = sizes[0], sizes[-1]
    return (slow - quick) / (many - few)
