"""`make bench-rollout`: judged rollouts in a real sandbox, in real time, with callers from another process.

Raw results are kept in `.build/bench/rollout-judged/`. The exit code is 1 when a row does not meet its bar.
"""

import argparse
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from bench import machine
from bench.rollout.judged.report import TITLES, lines, page
from bench.rollout.judged.rows import ROWS, WINDOW_SECONDS, Run
from bench.rollout.judged.scene import scene
from demo.project import ROOT
from scripts.shared.cli import Command, Out, run

FOLDER = ROOT / ".build" / "bench" / "rollout-judged"
RUNS = dict.fromkeys(ROWS, 10) | {"errors": 20, "guardrail": 2, "worse": 1}
"""How often each row is run unless it is said otherwise: with alarms one takes more than ten minutes."""
PAGE = ROOT / "docs" / "rollout-benchmark.md"


def asked(text: str) -> dict[str, int]:
    """The rows that `errors=20,worse` asks for, each with its number of runs."""
    found = {}
    for part in text.split(","):
        row, _, runs = part.partition("=")
        if row not in ROWS or not (runs or "1").isdecimal():
            raise argparse.ArgumentTypeError(
                f"{part!r} is no row of {', '.join(ROWS)}, with =RUNS or without"
            )
        found[row] = int(runs or RUNS[row])
    return found


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    shown = ",".join(f"{row}={runs}" for row, runs in RUNS.items())
    add("--rows", type=asked, default=RUNS, help=f"rows, and how often each (default {shown})")
    add(
        "--page", type=Path, nargs="+", help="measure nothing: write docs/rollout-benchmark.md of raw results"
    )


def _work(args: argparse.Namespace, out: Out) -> int:
    if args.page:
        PAGE.write_text(page(args.page, WINDOW_SECONDS), encoding="utf-8")
        out.result({"page": str(PAGE)}, f"written: {PAGE}")
        return 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC)
    path = FOLDER / f"{at:%Y%m%dT%H%M%SZ}.json"
    found: list[Run] = []
    for row, runs in args.rows.items():
        folder = FOLDER / row
        shutil.rmtree(folder, ignore_errors=True)
        # Guardrails wait as AWS's do: alarms that are looked at sooner than in life would flatter them.
        with scene(folder, time_scale=1 if row == "guardrail" else 60) as here:
            for each in ROWS[row](here, runs, out.step):
                found.append(each)
                path.write_text(json.dumps(_record(at, found), indent=1) + "\n")
    out.table(_table(found))
    out.result(_record(at, found), f"raw results: {path}")
    return 0 if all(line.met is not False for line in lines(found)) else 1


def _record(at: datetime, found: list[Run]) -> dict[str, Any]:
    return {
        "at": at.isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "runs": [each.record() for each in found],
    }


def _table(found: list[Run]) -> Table:
    table = Table(*TITLES, box=None)
    for line in lines(found):
        table.add_row(*line.cells())
    return table


COMMAND = Command(
    name="bench-rollout",
    summary="Judged rollouts in real time: how soon a bad release is gone, and how good ones fare.",
    example="python -m bench.rollout.judged --rows errors=3,guardrail=1",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
