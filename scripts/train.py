"""`./slipway train`: train, evaluate and package the model. The steps are `model.training.train`'s."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from model import finding
from model.contract import Service
from model.training.bundle import parse_other
from model.training.options import TrainOptions
from model.training.tracking.trackers import DEFAULT, VARIABLE, parse
from release import connect
from scripts.shared import arguments, champion, trained, training_job
from scripts.shared.cli import Command, Out, run

if TYPE_CHECKING:
    from model.training.finish import TrainResult

SERVICE_HELP = "a service of model/services by name, or a service's folder (default: the project's only one)"
TRACKERS_HELP = f"what records the run: mlflow, wandb, mlflow,wandb or none (default ${VARIABLE}, or mlflow)"
WITH_HELP = "a further model that the same container serves under /v2/models/NAME; may be repeated"


def _arguments(parser: argparse.ArgumentParser) -> None:
    add, other = parser.add_argument, "NAME/VERSION=MODEL.TAR.GZ"
    add("--service", metavar="NAME", help=SERVICE_HELP)
    add("--champion", metavar="STAGE|FILE|none", help=champion.HELP)
    add("--with", dest="others", metavar=other, action="append", default=[], help=WITH_HELP)
    add("--trackers", default=os.environ.get(VARIABLE), help=TRACKERS_HELP)
    add("--out", type=Path, help="where to write (default: .build/model of the project)")
    training_job.arguments(parser)


def _further(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    """The models and options of the service that is asked for."""
    service = finding.load(finding.find(arguments.given(argv, "--service"), Path.cwd()))
    parser.set_defaults(found=service)
    arguments.of_service(parser, service)


def _trained(service: Service, options: TrainOptions, args: argparse.Namespace, out: Out) -> "TrainResult":
    if args.on == training_job.SAGEMAKER:
        return training_job.train(service, options, args, out)
    with out.waiting("Loading the libraries"):
        from model.training.train import train

    return train(service, options, out.step)


def _work(args: argparse.Namespace, out: Out) -> int:
    service, build = args.found, connect.folder() / ".build"
    options = TrainOptions(
        model=args.model,
        own=arguments.own(args, service),
        out=args.out or build / "model",
        champion=champion.of(args.champion, service.name, build, out.tell),
        others=tuple(map(parse_other, args.others)),
        build=build,
        trackers=parse(args.trackers) if args.trackers else DEFAULT,
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or None,
    )
    return trained.tell(_trained(service, options, args, out), out)


COMMAND = Command(
    name="train",
    summary="Train a model of a service, evaluate it, package it with its evidence, record the run.",
    example="./slipway train --model boosting --months 1-6 --champion prod",
    work=_work,
    arguments=_arguments,
    further=_further,
)

if __name__ == "__main__":
    run(COMMAND)
