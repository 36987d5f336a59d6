"""`make bench-rollout`: judged rollouts in a real sandbox, in real time, with callers from another process.

Raw results are kept in `.build/bench/rollout-judged/`. The exit code is 1 when a row does not meet its bar.
"""

import argparse
import json
import shutil
from datetime import UTC, datetime
from statistics import median
from typing import Any

from rich.table import Table

from bench import machine
from bench.rollout.judged.rows import ROWS, Run
from bench.rollout.judged.scene import scene
from demo.project import ROOT
from scripts.shared.cli import Command, Out, run

FOLDER = ROOT / ".build" / "bench" / "rollout-judged"
RUNS = dict.fromkeys(ROWS, 10) | {"errors": 20, "guardrail": 2, "worse": 1}
"""How often each row is run unless it is said otherwise: with alarms one takes more than ten minutes."""
GONE_BAR, STILL_BAR = 15.0, 2.0
"""Median seconds from the first bad answer to no traffic for the candidate, and most from weight 0 to it."""


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


def _work(args: argparse.Namespace, out: Out) -> int:
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
    return 0 if all(_met(found, name) is not False for name in _names(found)) else 1


def _record(at: datetime, found: list[Run]) -> dict[str, Any]:
    return {
        "at": at.isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "runs": [each.record() for each in found],
    }


def _names(found: list[Run]) -> list[str]:
    return list(dict.fromkeys(each.row for each in found))


def _met(found: list[Run], name: str) -> bool | None:
    runs = [each for each in found if each.row == name]
    gone = [each.until_gone for each in runs if each.until_gone is not None]
    if name == "5 % errors, judged":
        return all(each.ended == "reverted" for each in runs) and bool(gone) and median(gone) < GONE_BAR
    if name.startswith("the same bytes"):
        return all(each.ended == "landed" for each in runs)
    if name == "aborted":
        return all((each.still or 0) < STILL_BAR for each in runs)
    return all(each.ended == "reverted" for each in runs) if name.startswith("worse") else None


def _table(found: list[Run]) -> Table:
    table = Table(
        "row",
        "runs",
        "ended",
        "until gone, median s",
        "bad answers, median",
        "seconds",
        "foreseen",
        "met",
        box=None,
    )
    for name in _names(found):
        runs = [each for each in found if each.row == name]
        gone = [each.until_gone for each in runs if each.until_gone is not None]
        ends = ", ".join(sorted({each.ended for each in runs}))
        table.add_row(
            name,
            str(len(runs)),
            ends,
            f"{median(gone):.1f}" if gone else "",
            f"{median(each.bad for each in runs):.0f}",
            f"{median(each.seconds for each in runs):.0f}",
            f"{runs[0].estimate:.0f}" if runs[0].estimate else "",
            {True: "met", False: "MISSED", None: ""}[_met(found, name)],
        )
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
