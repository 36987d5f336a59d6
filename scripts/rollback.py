"""`./slipway rollback STAGE`: the previous release serves again, by one UpdateEndpoint."""

import argparse
from dataclasses import asdict

from release.connect import connect
from release.operations.rollback import rehearse, rollback
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE", help="the stage to take back")
    arguments.endpoint(parser)
    arguments.reason(parser)
    arguments.no_commit(parser)
    parser.add_argument("--to", metavar="RELEASE", help="refuse when the way back leads to another release")
    parser.add_argument("--dry-run", action="store_true", help="prove that it is possible; change nothing")


def _work(args: argparse.Namespace, out: Out) -> int:
    if args.dry_run:
        return _rehearse(args, out)
    world = connect(out.tell, commits=args.commits)
    result = rollback(world, args.stage, args.endpoint, out.tell, args.to, args.reason)
    again = f"{result.release} serves {result.stage} again"
    now = again if result.release else f"nothing serves {result.stage}, as before"
    out.result(
        asdict(result) | {"seconds": round(result.seconds, 2)},
        f"[green]✓[/green] {now}, pin and stack agree ({result.seconds:.1f} s)",
    )
    return 0


def _rehearse(args: argparse.Namespace, out: Out) -> int:
    found = rehearse(connect(out.tell), args.stage, args.endpoint, out.tell, args.to)
    would = f"{found.release} could serve {found.stage} again: all that it needs is there"
    nothing = f"{found.stage} would serve nothing again, as before its first release"
    only = f"{found.stage} has no previous release yet, so there is nothing to go back to from {found.first}"
    says = only if found.first else would if found.release else nothing
    out.result(asdict(found), f"[green]✓[/green] {says}")
    return 0


COMMAND = Command(
    name="rollback",
    summary="Serve the previous release again at once: pre-flight, one UpdateEndpoint, then pin and stack.",
    example="./slipway rollback prod\n  ./slipway rollback prod --dry-run",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
