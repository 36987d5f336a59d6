"""`./slipway track [--resend]`: the trainings on record, and those that still wait for a tracker."""

import argparse
import gc
import os
from dataclasses import asdict
from pathlib import Path

from model import finding
from model.training.tracking.trackers import NAMES
from release import connect
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--service", metavar="NAME", help="whose (default: the project's only one)")
    parser.add_argument("--last", type=int, default=20, metavar="N", help="runs to list (default 20)")
    parser.add_argument("--resend", action="store_true", help="give what waits to its trackers again")


def _work(args: argparse.Namespace, out: Out) -> int:
    gc.disable()  # of a short life: looking through all that MLflow makes of a thousand runs frees nothing
    service = finding.load(finding.find(args.service, Path.cwd()))
    build, uri = connect.folder() / ".build", os.environ.get("MLFLOW_TRACKING_URI") or None
    with out.waiting("Asking MLflow"):
        from model.training.tracking import sending
        from model.training.tracking.recorded import recorded
        from model.training.tracking.to_mlflow import MLflow
    outbox = sending.outbox(build)
    if args.resend:
        to = sending.trackers(NAMES, uri, build, service.trusted)
        sent = sending.resend(service.name, to, outbox)
        warnings = [text for _, tracked in sent for text in tracked.warnings]
        for text in warnings:
            out.note(f"warning: {text}", "yellow")
        told = f"{len(sent)} kept, {len(outbox.ids())} still wait" if sent else "nothing waits to be sent"
        out.result({"sent": [name for name, _ in sent], "waiting": outbox.ids(), "warnings": warnings}, told)
        return 4 if warnings else 0
    runs = recorded(MLflow(uri, build), service.name, args.last)
    waiting = outbox.ids()
    out.plain(_table(runs) if runs else "no training is on record: ./slipway train")
    told = [f"[yellow]{len(waiting)} wait to be sent:[/yellow] ./slipway track --resend"] if waiting else []
    out.result({"runs": [asdict(each) for each in runs], "waiting": waiting}, *told)
    gc.freeze()  # the process ends here, and would look through all of it once more for a fifth of a second
    return 0


def _table(runs: list) -> str:
    gates = sorted({name for each in runs for name in each.metrics if name.startswith("gate_")})
    rows = [("run", "gates", "version", *(name.removeprefix("gate_") for name in gates))]
    for each in runs:
        measures = [f"{each.metrics[name]:.4g}" if name in each.metrics else "" for name in gates]
        version = " ".join((each.version, *each.aliases))
        rows.append((each.id, "passed" if each.passed else "refused", version, *measures))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


COMMAND = Command(
    name="track",
    summary="List and compare the trainings on record; send again what no tracker has yet.",
    example="./slipway track --resend",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
