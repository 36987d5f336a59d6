"""`./slipway bench`: measure the figures of the README on this machine, beside a yardstick of the same run.

Each figure is the median of several runs; all raw seconds are kept in `.build/bench/`. A figure that a bar
bounds says whether it is met; the exit code is 1 when one is not.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table

from demo.project import ROOT, make_project
from demo.story import Story
from sandbox import testing
from scripts.demo import golden_scores
from scripts.shared.cli import Command, Out, run

FOLDER = ROOT / ".build" / "bench"


@dataclass
class Figure:
    """One figure: what, its bar in seconds (None: only reported), what it is divided by, the raw seconds."""

    what: str
    bar: float | None
    yardstick: str
    seconds: list[float] = field(default_factory=list)
    yardstick_seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Median seconds."""
        return statistics.median(self.seconds)

    @property
    def ratio(self) -> float:
        """Median over the yardstick's median."""
        return self.median / statistics.median(self.yardstick_seconds)

    @property
    def met(self) -> bool:
        """Whether the bar holds."""
        return self.bar is None or self.median < self.bar


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=3, help="runs of each figure (default 3)")


def _work(args: argparse.Namespace, out: Out) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    out.step("imports")
    figures = [_import_infra(args.runs)]
    figures += _in_a_sandbox(args.runs, out)
    record = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "figures": [asdict(f) | {"median": f.median, "ratio": f.ratio, "met": f.met} for f in figures],
    }
    path = FOLDER / f"backbone-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(record, indent=1))
    out.table(_table(figures))
    out.result(record, f"raw results: {path}")
    return 0 if all(figure.met for figure in figures) else 1


def _import_infra(runs: int) -> Figure:
    figure = Figure("python -c 'import infra.stack'", 1.5, "python -c 'pass'")
    for _ in range(runs):
        figure.yardstick_seconds.append(_timed([sys.executable, "-c", "pass"]))
        figure.seconds.append(_timed([sys.executable, "-c", "import infra.stack"]))
    return figure


def _in_a_sandbox(runs: int, out: Out) -> list[Figure]:
    """Figures that need AWS: one sandbox, two releases in prod, moved back and forth."""
    start = Figure("sandbox: start to first answer", None, "python -c 'pass'")
    up = Figure("pulumi up, nothing to change", 5.0, "pulumi version")
    back = Figure("rollback: command to old version answering", 10.0, "invoke through the command")
    home = FOLDER / "sandbox"
    begun = time.monotonic()
    with testing.start(home) as sandbox:
        start.seconds.append(time.monotonic() - begun)
        start.yardstick_seconds.append(_timed([sys.executable, "-c", "pass"]))
        story = Story(home, make_project(FOLDER / "project"), out)
        story.use(sandbox.env)
        goldens = _two_releases_in_prod(story)
        env = os.environ | sandbox.env
        for number in range(runs):
            out.step(f"round {number + 1} of {runs}")
            command = ["pulumi", "up", "--yes", "--skip-preview", "--stack", "prod", "--expect-no-changes"]
            up.seconds.append(_timed([*command, "--non-interactive"], story.project, env))
            up.yardstick_seconds.append(_timed(["pulumi", "version"], story.project, env))
            back.yardstick_seconds.append(_call(lambda: story.slipway("invoke", "prod", "--json")))
            with story.watching("prod", goldens[number % 2]) as watch:
                story.slipway("rollback", "prod", "--json")
            story.expect(watch.seconds is not None, "the old version answered while the rollback ran")
            back.seconds.append(watch.seconds or 0.0)
    return [start, up, back]


def _two_releases_in_prod(story: Story) -> list[tuple[str, list[float]]]:
    goldens = []
    for kind in ("logistic", "boosting"):
        story.slipway("train", "--model", kind, "--out", kind, "--json")
        story.slipway("release", "--model", kind, "--json")
        story.slipway("promote", "dev", "prod", "--json")
        goldens.append(golden_scores(story.project / kind))
    return goldens


def _timed(command: list[str], folder: Path = ROOT, env: dict[str, str] | None = None) -> float:
    return _call(lambda: subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True))


def _call(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def _table(figures: list[Figure]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("figure", "median s", "bar s", "ratio", "to", ""):
        table.add_column(title)
    for figure in figures:
        bar = f"{figure.bar:.1f}" if figure.bar else "-"
        verdict = "[green]met[/green]" if figure.met else "[red]missed[/red]"
        cells = (f"{figure.median:.2f}", bar, f"{figure.ratio:.1f}x", figure.yardstick)
        table.add_row(figure.what, *cells, verdict if figure.bar else "")
    return table


COMMAND = Command(
    name="bench",
    summary="Measure the figures of the README on this machine; raw results in .build/bench/.",
    example="./slipway bench --runs 5",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
