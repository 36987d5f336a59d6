"""`./slipway promote [FROM] TO`: bring the live release of a stage to the next one, proven again there."""

import argparse
from dataclasses import asdict
from pathlib import Path

from release.connect import connect
from release.domain.errors import UsageError
from release.operations.promote import Order, promote
from release.operations.propose import propose
from scripts.shared import arguments, proposal
from scripts.shared.cli import Command, Out, run
from scripts.shared.words import landed


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "stages",
        metavar="[FROM] TO",
        nargs="+",
        help="the stage that is to serve it; by default from the one before",
    )
    arguments.endpoint(parser)
    arguments.skip(parser)
    arguments.strategy(parser)
    parser.add_argument(
        "--propose", action="store_true", help="put it into a branch for a pull request; nothing moves"
    )
    parser.add_argument("--body", metavar="FILE", type=Path, help="with --propose: the pull request's text")


def _work(args: argparse.Namespace, out: Out) -> int:
    if len(args.stages) > 2:
        raise UsageError(
            "promote takes one stage or two.", "Nothing was changed.", "See: ./slipway promote --help"
        )
    order = Order(
        target=args.stages[-1],
        source=args.stages[0] if len(args.stages) == 2 else None,
        endpoint=args.endpoint,
        skip=args.skip,
        reason=args.reason,
        strategy=args.strategy,
    )
    world = connect(out.tell)
    if args.propose:
        found = propose(world, order, out.tell)
        proposal.leave(out, found, args.body or world.build / f"proposal-{found.stage}-{found.endpoint}.md")
        return 0
    result = promote(world, order, out.tell)
    out.result(asdict(result), landed(result))
    return 0


COMMAND = Command(
    name="promote",
    summary="Bring the live release of one stage to the next: verify, gate, copy, roll out, landed check.",
    example="./slipway promote staging",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
