"""What the runs come to: one line a row with its bar, for the terminal and for docs/rollout-benchmark.md."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import markdown
from bench.rollout.judged.rows import REVERTED, Run

GONE_BAR, STILL_BAR = 15.0, 2.0
"""Median seconds from the first bad answer to no traffic for the candidate, and most from weight 0 to it."""
TITLES = ("row", "runs", "ended", "until gone, s", "bad answers", "whole, s", "foreseen, s", "bar")
PAGE = """# Judged rollouts, measured

Written by `make bench-rollout ARGS="--page FILE…"` from raw results (`.build/bench/rollout-judged/`); do not
edit. Real engine, real model servers, callers in another process, all in real time; windows and blocks have
{window} s, the judge's PASS margins are those of the demo (`demo/project.py`), its FAIL margins the defaults.
Only the sandbox's provisioning is faster than AWS's, and in the row with alarms not even that.

{table}

`until gone`: seconds from the first bad answer until the candidate's weight is 0 (median; in brackets least
and most), with alarms until the last bad answer; of an aborted rollout, from weight 0 to the candidate's last
answer. `whole`: the median of the whole promotion. `foreseen`: the plan's estimate of its steps and bake.

{machines}
"""


@dataclass(frozen=True)
class Line:
    """One row's runs."""

    name: str
    runs: tuple[Run, ...]

    @property
    def gone(self) -> list[float]:
        """Seconds until the candidate was gone, of the runs that had that."""
        seconds = [run.still if self.name == "aborted" else run.until_gone for run in self.runs]
        return [each for each in seconds if each is not None]

    @property
    def met(self) -> bool | None:
        """Whether the row's bar is met; None for one without a bar."""
        ended = {run.ended for run in self.runs}
        if self.name == "5 % errors, judged":
            return ended == {REVERTED} and bool(self.gone) and median(self.gone) < GONE_BAR
        if self.name.startswith("the same bytes"):
            return ended == {"landed"}
        if self.name == "aborted":
            return ended == {REVERTED} and max(self.gone) < STILL_BAR
        return ended == {REVERTED} if self.name.startswith("worse") else None

    def cells(self) -> tuple[str, ...]:
        """As `TITLES`."""
        gone, bad, runs = self.gone, [run.bad for run in self.runs], self.runs
        foreseen = runs[0].estimate
        return (
            self.name,
            str(len(runs)),
            ", ".join(sorted({run.ended for run in runs})),
            f"{median(gone):.1f} ({min(gone):.1f} to {max(gone):.1f})" if gone else "",
            f"{median(bad):.0f}",
            f"{median(run.seconds for run in runs):.0f}",
            f"{foreseen:.0f}" if foreseen else "",
            {True: "met", False: "missed", None: ""}[self.met],
        )


def lines(runs: Iterable[Run]) -> list[Line]:
    """The rows in the order in which they first came."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.row, []).append(run)
    return [Line(name, tuple(each)) for name, each in found.items()]


def page(files: Sequence[Path], window: int) -> str:
    """The page of these raw results, together."""
    records = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    runs = [Run(**run) for record in records for run in record["runs"]]
    machines = "\n".join(
        f"- {record['at']}: " + ", ".join(f"{key} {value}" for key, value in record["machine"].items())
        for record in records
    )
    table = markdown.table(TITLES, (line.cells() for line in lines(runs)))
    return PAGE.format(table=table, machines=machines, window=window)
