"""`./slipway promote [FROM] TO`: bring the live release of a stage to the next one, proven again there."""

import argparse
from dataclasses import asdict

from release.connect import connect
from release.domain.errors import UsageError
from release.operations.known import is_id
from release.operations.merged import merged
from release.operations.promote import Order, promote
from release.operations.propose import propose
from scripts.shared import arguments, proposal
from scripts.shared.cli import Command, Out, run
from scripts.shared.words import landed

LIVE = "live"
RELEASE = f"refuse when another release than this is live where it comes from (default: {LIVE}, any)"


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
    arguments.no_commit(parser)
    parser.add_argument("--release", metavar="ID", default=LIVE, help=RELEASE)
    proposal.arguments(parser)


def _named(word: str) -> str | None:
    """The release that is named; None for whichever is live. An empty word is a name that got lost."""
    if word == LIVE:
        return None
    is_id(word)
    return word


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
        release=_named(args.release),
    )
    proposal.refuse(args, order.release is not None)
    world = connect(out.tell, commits=args.commits)
    if args.propose:
        found = propose(world, order, out.tell)
        proposal.leave(out, found, args.body or proposal.text_of(found, world.build))
        return 0
    if args.merged:
        proposal.brought(out, order.target, merged(world, order.target, order.endpoint, out.tell))
        return 0
    result = promote(world, order, out.tell)
    out.result(asdict(result), landed(result))
    return 0


COMMAND = Command(
    name="promote",
    summary="Bring the live release of one stage to the next: verify, gate, copy, roll out, landed check.",
    example="./slipway promote staging\n  ./slipway promote prod --propose",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
