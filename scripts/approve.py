"""`./slipway approve RELEASE --stage STAGE`: a person's yes to a release, or what takes it back."""

import argparse
from dataclasses import asdict

from rich.markup import escape

from release.connect import connect
from release.domain.said import shown
from release.operations.approve import approve, revoke
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    arguments.word(parser)
    parser.add_argument(
        "--revoke", action="store_true", help="take back every yes to it that stands, whoever said it"
    )


def _work(args: argparse.Namespace, out: Out) -> int:
    say = revoke if args.revoke else approve
    done = say(connect(out.tell), args.stage, args.release, args.reason, out.tell)
    what = "taken back for" if args.revoke else "approved for"
    following = f": {done.enters_by}" if done.enters_by else ""
    out.result(
        asdict(done),
        f"[green]✓[/green] {done.release} is {what} {done.stage} by {escape(shown(done.by))}",
        escape(f"{done.words}; {done.missing} missing{following}"),
    )
    return 0


COMMAND = Command(
    name="approve",
    summary="Say yes to a release for a stage that asks for it, as whoever AWS says you are; with a reason.",
    example="./slipway approve 7f9ae170c5b5 --stage prod --reason 'read the report of staging'",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
