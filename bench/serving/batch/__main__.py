"""`make bench-batch`: rows by the million through POST /invocations, as batch transform sends them.

Bodies fill the payload and come one at a time; after each, scikit-learn's own predict_proba gets the same
rows on the same core, and the scores are compared. Parquet gets all rows, other formats a part of them. Raw
results are kept in .build/bench/serving/. The exit code is 1 when a bar is missed.
"""

import argparse
import json
from dataclasses import asdict
from datetime import UTC, datetime

from rich.table import Table

from bench.serving import machine, model_files
from bench.serving.batch import course, figures
from bench.serving.batch.course import Course, Workload
from bench.serving.batch.formats import FORMATS, Format
from bench.serving.batch.rival import Rival
from bench.serving.batch.rows import reference
from bench.serving.checks import exit_code
from demo.project import ROOT
from model.artifact import SKOPS
from model.training.skops_file import load
from scripts.shared.cli import Command, Out, run

FOLDER = ROOT / ".build" / "bench" / "serving"
NAMES = tuple(form.name for form in FORMATS)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of Parquet (default 10000000)")
    parser.add_argument(
        "--payload", type=int, default=6, metavar="MB", help="of one body (default 6; at most 100)"
    )
    parser.add_argument("--formats", default="", metavar="A,B", help=f"only these; of {', '.join(NAMES)}")
    parser.add_argument("--model", choices=("logistic", "boosting"), default="logistic")


def _work(args: argparse.Namespace, out: Out) -> int:
    forms = _chosen(args.formats)
    out.step(f"the model: ./slipway train --model {args.model}")
    model = model_files.train(args.model, FOLDER / "load" / args.model)
    rival_core, _ = machine.cores()
    real = reference(model.artifact)
    rival = Rival(load((model.artifact / SKOPS).read_bytes()), rival_core)
    folder = FOLDER / "batch" / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    courses: list[Course] = []
    for form in forms:
        workload = Workload(max(args.rows // form.divisor, 1), args.payload, rival_core)
        out.step(f"{form.name}: {workload.rows:,} rows, bodies of at most {args.payload} MiB")
        place = folder / form.name.replace(" ", "-").lower()
        courses.append(course.run(form, workload, model.artifact, real, rival, place, out.note))
    bars = figures.bars(courses)
    result = {
        "machine": machine.describe(),
        "model": args.model,
        "payload_mib": args.payload,
        "courses": [asdict(each) for each in courses],
        "bars": [asdict(bar) for bar in bars],
    }
    raw = folder / "batch.json"
    raw.write_text(json.dumps(result, indent=1) + "\n")
    out.table(_table(courses))
    out.result(result | {"raw": str(raw)}, *(bar.line for bar in bars), f"raw results: {raw}")
    return exit_code(bars)


def _chosen(names: str) -> list[Format]:
    wanted = [name.strip().lower() for name in names.split(",") if name.strip()]
    if unknown := set(wanted) - {name.lower() for name in NAMES}:
        raise UsageError(
            f"There is no format {', '.join(sorted(unknown))}.\n"
            "Nothing was measured.\n"
            f"--formats takes {', '.join(NAMES)}."
        )
    return [form for form in FORMATS if not wanted or form.name.lower() in wanted]


class UsageError(Exception):
    """What was asked for cannot be done."""

    exit_code = 2


def _table(courses: list[Course]) -> Table:
    rows = [figures.row(each) for each in courses]
    table = Table()
    for name in rows[0]:
        table.add_column(name, justify="left" if name == "format" else "right")
    for row in rows:
        table.add_row(*row.values())
    return table


COMMAND = Command(
    name="bench-batch",
    summary="Send rows by the million through the batch path, beside scikit-learn's predict_proba.",
    example="make bench-batch ROWS=1000000",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
