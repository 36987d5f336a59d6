"""`./slipway train`: train, evaluate and package the model. The steps are `model.training.train`'s."""

import argparse
import os
from pathlib import Path

from model.service.kinds import KINDS
from model.service.split import DEFAULT_MONTHS, parse_months
from model.training.bundle import parse_other
from model.training.options import TrainOptions
from model.training.tracking.trackers import DEFAULT, VARIABLE, parse
from release import connect
from scripts.shared.cli import Command, Out, run

MONTHS_HELP = f"months of 2013 to train on (default {DEFAULT_MONTHS}); later months validate and test"
CHAMPION_HELP = "the live release's model.tar.gz: the new model must not rank worse on the same rows"
TRACKERS_HELP = f"what records the run: mlflow, wandb, mlflow,wandb or none (default ${VARIABLE}, or mlflow)"
WITH_HELP = "a further model that the same container serves under /v2/models/NAME; may be repeated"


def _arguments(parser: argparse.ArgumentParser) -> None:
    add, other = parser.add_argument, "NAME/VERSION=MODEL.TAR.GZ"
    add("--model", choices=KINDS, default="boosting", help="the pipeline (default boosting)")
    add("--months", default=str(DEFAULT_MONTHS), help=MONTHS_HELP)
    add("--champion", type=Path, help=CHAMPION_HELP)
    add("--with", dest="others", metavar=other, action="append", default=[], help=WITH_HELP)
    add("--trackers", default=os.environ.get(VARIABLE), help=TRACKERS_HELP)
    add("--out", type=Path, help="where to write (default: .build/model of the project)")


def _work(args: argparse.Namespace, out: Out) -> int:
    build = connect.folder() / ".build"
    options = TrainOptions(
        model=args.model,
        months=parse_months(args.months),
        out=args.out or build / "model",
        champion=args.champion,
        others=tuple(map(parse_other, args.others)),
        build=build,
        trackers=parse(args.trackers) if args.trackers else DEFAULT,
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or None,
    )
    with out.waiting("Loading the libraries"):
        from model.training.train import train

    result = train(options, out.step)
    for gate in result.gates:
        mark, style = ("✓", "dim") if gate.passed else ("✗", "bold red")
        out.note(f"{mark} {gate.name}: {gate.reason}", style)
    for warning in result.warnings:
        out.note(f"warning: {warning}", "yellow")
    size, sha = result.evidence["model"]["size"], result.evidence["model"]["sha256"]
    what = f"{result.out}/model.tar.gz ({size / 1000:.0f} kB, sha256 {sha[:12]}…) in {result.seconds:.0f} s"
    if result.passed:
        told = [f"[green]passed[/green] {what}", f"Release it: ./slipway release --model {result.out}"]
    else:
        why = f"It fails {', '.join(result.failed)}; a release with this evidence will be refused."
        told = [f"[red]refused[/red] {what}", why]
    out.result(result.summary(), *told)
    return 0 if result.passed else 1


COMMAND = Command(
    name="train",
    summary="Train a model on real flights, evaluate it, package it with its evidence, record the run.",
    example="./slipway train --model boosting --months 1-6 --champion .build/live/model.tar.gz",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
