"""`./slipway apply STAGE`: the live release moves to the instance type of the stage's data."""

import argparse
from dataclasses import asdict

from release.connect import connect
from release.operations.apply import apply
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run
from scripts.shared.words import landed


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE", help="the stage whose fleet is to change")
    arguments.endpoint(parser)
    arguments.reason(parser)
    arguments.no_commit(parser)


def _work(args: argparse.Namespace, out: Out) -> int:
    world = connect(out.tell, commits=args.commits)
    result = apply(world, args.stage, args.endpoint, out.tell, args.reason)
    out.result(asdict(result), landed(result))
    return 0


COMMAND = Command(
    name="apply",
    summary="Give the live release's fleet the instance type of the stage's data, as guarded as a release.",
    example="./slipway apply prod",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
