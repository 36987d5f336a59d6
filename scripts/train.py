"""`./slipway train`: train, judge and package the model.

The steps are `model.training.train`'s; here are the arguments and how the result is told.
"""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from model.service.kinds import KINDS
from model.service.split import DEFAULT_MONTHS, parse_months
from model.training.bundle import parse_other
from model.training.options import TrainOptions
from release.adapters.stage_file import find_project
from scripts.shared.cli import Command, Out, run

if TYPE_CHECKING:
    from model.training.train import TrainResult


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", choices=KINDS, default="boosting", help="the pipeline (default boosting)")
    parser.add_argument(
        "--months",
        default=str(DEFAULT_MONTHS),
        help=f"months of 2013 to train on (default {DEFAULT_MONTHS}); later months validate and test",
    )
    parser.add_argument(
        "--champion",
        type=Path,
        help="the live release's model.tar.gz: the new model must not rank worse on the same rows",
    )
    parser.add_argument(
        "--with",
        dest="others",
        metavar="NAME/VERSION=MODEL.TAR.GZ",
        action="append",
        default=[],
        help="a further model that the same container serves under /v2/models/NAME; may be repeated",
    )
    parser.add_argument("--out", type=Path, help="where to write (default: .build/model of the project)")


def _work(args: argparse.Namespace, out: Out) -> int:
    build = find_project(Path.cwd()) / ".build"
    options = TrainOptions(
        model=args.model,
        months=parse_months(args.months),
        out=args.out or build / "model",
        champion=args.champion,
        others=tuple(map(parse_other, args.others)),
        build=build,
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or None,
    )
    with out.waiting("Loading the libraries"):
        from model.training.train import train

    result = train(options, out.step)
    for gate in result.gates:
        out.note(
            f"{'✓' if gate.passed else '✗'} {gate.name}: {gate.reason}", "dim" if gate.passed else "bold red"
        )
    out.result(_summary(result), *_lines(result))
    return 0 if result.passed else 1


def _summary(result: "TrainResult") -> dict[str, object]:
    return {
        "passed": result.passed,
        "out": str(result.out),
        "seconds": round(result.seconds, 1),
        **result.evidence,
    }


def _lines(result: "TrainResult") -> list[str]:
    size, sha = result.evidence["model"]["size"], result.evidence["model"]["sha256"]
    where = f"{result.out}/model.tar.gz ({size / 1000:.0f} kB, sha256 {sha[:12]}…) in {result.seconds:.0f} s"
    if result.passed:
        return [f"[green]passed[/green] {where}", f"Release it: ./slipway release --model {result.out}"]
    failed = ", ".join(gate.name for gate in result.gates if not gate.passed)
    return [
        f"[red]refused[/red] {where}",
        f"It fails {failed}; a release with this evidence will be refused.",
    ]


COMMAND = Command(
    name="train",
    summary="Train a model on real flights, judge it, package it with its evidence, record it in MLflow.",
    example="./slipway train --model boosting --months 1-6 --champion .build/live/model.tar.gz",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
