"""`make bench-training`: how long it is from a model's code to a release, and how soon runs are compared.

Each figure is the median of several runs beside a yardstick of the same minutes. All raw seconds are kept in
`.build/bench/training/`. The exit code is 1 when a figure does not meet its bar.
"""

import argparse
import json
import shutil
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table

from bench import machine
from bench.training.runs import fill
from bench.users import Spent, Timed, User
from demo.project import ROOT, make_project
from sandbox import testing
from scripts.shared.cli import Command, Out, run

FOLDER = ROOT / ".build" / "bench" / "training"
SERVICE = "delays"
RELEASED = "train, gates and release to dev, in an empty sandbox"
LISTED = "1,000 tracked runs listed and compared"
RUNS_ON_RECORD = 1_000


@dataclass
class Figure(Timed):
    """One thing that was measured, its bar in seconds, and the name of what stood beside it."""

    bar: float
    yardstick: str


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=3, help="runs of each figure (default 3)")


def _work(args: argparse.Namespace, out: Out) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    at, about = datetime.now(UTC), machine.describe()
    log = FOLDER / "commands.log"
    log.unlink(missing_ok=True)
    figures = [_listed(args.runs, log, out), _released(args.runs, log, out)]
    record = {
        "at": at.isoformat(timespec="seconds"),
        "machine": about,
        "figures": [asdict(each) for each in figures],
    }
    path = FOLDER / f"{at:%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    out.table(_table(figures))
    out.result(record, f"raw results: {path}")
    return 1 if any(each.wall >= each.bar for each in figures) else 0


def _listed(runs: int, log: Path, out: Out) -> Figure:
    figure = Figure(LISTED, 2.0, "python -c 'import mlflow.tracking'")
    project = _project("tracked")
    out.step(f"{RUNS_ON_RECORD} runs are put on record")
    fill(project, SERVICE, RUNS_ON_RECORD)
    user = User(project, {}, log)
    for _ in range(runs):
        out.step(figure.what)
        figure.yardstick_runs.append(user.run(sys.executable, "-c", "import mlflow.tracking"))
        figure.runs.append(user.slipway("track", "--last", str(RUNS_ON_RECORD)))
    return figure


def _released(runs: int, log: Path, out: Out) -> Figure:
    figure = Figure(RELEASED, 90.0, "pulumi version, after it")
    for number in range(runs):
        project = _project("released")
        with testing.start(FOLDER / f"sandbox-{number}") as sandbox:
            user = User(project, sandbox.env, log)
            out.step(figure.what)
            parts = [user.slipway("train"), user.slipway("release")]
            figure.runs.append(Spent(sum(each.wall for each in parts), sum(each.cpu for each in parts)))
            figure.yardstick_runs.append(user.run("pulumi", "version"))
        shutil.rmtree(FOLDER / f"sandbox-{number}", ignore_errors=True)
    return figure


def _project(name: str) -> Path:
    shutil.rmtree(FOLDER / name, ignore_errors=True)
    return make_project(FOLDER / name)


def _table(figures: list[Figure]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("figure", "median s", "below", "", "ratio", "to"):
        table.add_column(title)
    for figure in figures:
        met = "[green]met[/green]" if figure.wall < figure.bar else "[red]missed[/red]"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.1f}x"
        table.add_row(figure.what, f"{figure.wall:.2f}", f"{figure.bar:g}", met, ratio, figure.yardstick)
    return table


COMMAND = Command(
    name="bench-training",
    summary="Measure the way from a model's code to a release, and the comparison of tracked runs.",
    example='make bench-training ARGS="--runs 1"',
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
