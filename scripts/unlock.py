"""`./slipway unlock STAGE --reason TEXT`: ends what holds a stage and nobody can finish; recorded."""

import argparse
from dataclasses import asdict

from rich.markup import escape

from release.connect import connect
from release.operations.unlock import unlock
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE", help="the stage that is held")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; kept in the stage's ledger")
    arguments.no_commit(parser)


def _work(args: argparse.Namespace, out: Out) -> int:
    done = unlock(connect(out.tell, commits=args.commits), args.stage, args.reason, out.tell)
    ended = [f"the {done.rollout} was ended where it stood"] if done.rollout else []
    ended += [f"its ledger goes on over: {'; '.join(done.damage)}"] if done.damage else []
    out.result(
        asdict(done),
        f"[green]✓[/green] {done.stage} is free: {escape('; '.join(ended))}",
        f"nothing moved: ./slipway status {done.stage} says what serves, and what brings it to its pins",
    )
    return 0


COMMAND = Command(
    name="unlock",
    summary="End what holds a stage and nobody can finish: a dead rollout, a damaged ledger; it is recorded.",
    example="./slipway unlock prod --reason 'the CI host is gone'",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
