"""`make bench`: measure what a user waits for, from one endpoint in a stage to a hundred, in a real sandbox.

Each figure is the median of several runs, with the seconds of the processor beside it. All raw seconds are
kept in `.build/bench/rollout/`. The exit code is 1 when a figure does not meet its bar.
"""

import argparse
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench import machine
from bench.rollout.figures import UP, Figure, beside, per_endpoint
from bench.rollout.measure import measure, steps
from demo.project import ROOT
from scripts.shared.cli import Command, Out, run

FOLDER = ROOT / ".build" / "bench" / "rollout"
SIZES = (1, 10, 50, 100)


def _arguments(parser: argparse.ArgumentParser) -> None:
    shown = ",".join(map(str, SIZES))
    parser.add_argument("--endpoints", type=sizes, default=SIZES, help=f"sizes of the stage ({shown})")
    parser.add_argument("--runs", type=int, default=3, help="runs of each figure (default 3)")


def sizes(text: str) -> tuple[int, ...]:
    found = tuple(int(part) for part in text.split(",") if part.isdecimal() and 1 <= int(part) <= 999)
    if len(found) != len(text.split(",")):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers from 1 to 999, such as 1,10")
    return tuple(sorted(set(found)))


def _work(args: argparse.Namespace, out: Out) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    at, about = datetime.now(UTC), machine.describe()
    path = FOLDER / f"{at:%Y%m%dT%H%M%SZ}.json"

    def keep(figures: list[Figure]) -> None:
        path.write_text(json.dumps(_record(at, about, figures), indent=1) + "\n")

    with _progress(steps(args.endpoints, args.runs), out) as step:
        figures = measure(FOLDER, args.endpoints, args.runs, step, keep)
    out.table(_table(figures))
    slope = per_endpoint(figures, UP)
    further = [] if slope is None else [f"{UP}: {1000 * slope:.0f} ms more for every further endpoint"]
    out.result(_record(at, about, figures), *further, f"raw results: {path}")
    return 1 if any(figure.met is False for figure in figures) else 0


def _record(at: datetime, about: dict[str, str], figures: list[Figure]) -> dict[str, Any]:
    return {
        "at": at.isoformat(timespec="seconds"),
        "machine": about,
        "up_seconds_per_endpoint": per_endpoint(figures, UP),
        "figures": [figure.record() for figure in figures],
    }


@contextmanager
def _progress(total: int, out: Out) -> Generator[Callable[[str], None]]:
    """What happens now: a bar on a terminal, a line for each step elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield out.step
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total, completed=-1)

        def step(text: str) -> None:
            progress.update(task, description=text, advance=1)

        yield step


def _table(figures: list[Figure]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("endpoints", "figure", "median s", "CPU s", "beside", "", "ratio", "to"):
        table.add_column(title, justify="right" if title in ("endpoints", "median s", "CPU s") else "left")
    words = {True: "[green]met[/green]", False: "[red]missed[/red]", None: ""}
    for figure in figures:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.1f}x"
        table.add_row(
            str(figure.endpoints or ""),
            figure.what,
            f"{figure.wall:.2f}",
            f"{figure.cpu:.2f}" if figure.cpu else "-",
            beside(figure),
            words[figure.met],
            ratio,
            figure.yardstick,
        )
    return table


COMMAND = Command(
    name="bench",
    summary="Measure what a user waits for, in a stage of 1 to 100 endpoints.",
    example='make bench ARGS="--endpoints 1,10 --runs 1"',
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
