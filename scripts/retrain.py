"""`./slipway retrain STAGE`: a model on new data, released if it is no worse than the live one."""

import argparse
import os
from collections.abc import Sequence

from model.training.retraining import Wanted
from model.training.tracking.trackers import VARIABLE
from release.connect import connect
from release.domain.occasions import AsksNothing
from release.operations.retrain import Order, retrain
from scripts.shared import arguments, findings, retrained, training, training_job
from scripts.shared.cli import Command, Out, run
from scripts.shared.trainer import TrainsAsCommanded

UNTIL = "the last period to learn from, in the service's words (default: the newest there is)"
EVENT = "what asks for it: an event of EventBridge as JSON, of a schedule, an alarm, a finding (- for stdin)"
FINDING = "an open finding asks for it (default: the oldest that the stage wants one for, if there is any)"


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stage", help="the stage whose live model is retrained")
    arguments.endpoint(parser)
    add("--service", metavar="NAME", help="the service, by name or folder, as of ./slipway train")
    add("--until", metavar="PERIOD", help=UNTIL)
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--because", metavar="TEXT", default="", help="why; kept in the stage's ledger")
    asked.add_argument("--event", metavar="FILE", help=EVENT)
    asked.add_argument("--finding", metavar="ID", nargs="?", const="", help=FINDING)
    training_job.places(parser)
    arguments.no_commit(parser)
    add("--trackers", default=os.environ.get(VARIABLE), help="what records the run, as of ./slipway train")


def _further(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    arguments.over_the_rule(parser, training.service_of(parser, argv))


def _work(args: argparse.Namespace, out: Out) -> int:
    world, service = connect(out.tell, commits=args.commits), args.found
    wanted = Wanted(args.model, arguments.own(args, service), args.until)
    trackers, job = training.trackers(args), training_job.of_retrain(args)
    trainer = TrainsAsCommanded(service, wanted, world.build, trackers, job)
    event = None if args.event is None else retrained.event(args.event)
    if args.finding is not None:
        event = findings.asking(args.stage, args.finding, out)
        if event is None:
            return 0
    try:
        result = retrain(world, Order(args.stage, args.endpoint, args.because, event), trainer, out.tell)
    except AsksNothing as nothing:
        return retrained.unasked(args.stage, args.finding, str(nothing), out)
    training.gates(result.gates, out)
    out.result(result.values(), *retrained.words(result, world.build))
    return result.code


COMMAND = Command(
    name="retrain",
    summary="Train a new model on new data, measure it beside a stage's live one; a better one is released "
    "to the first stage and proposed for the next.",
    example='./slipway retrain prod --until 6 --because "June is complete"',
    work=_work,
    arguments=_arguments,
    further=_further,
)

if __name__ == "__main__":
    run(COMMAND)
