"""`./slipway doctor STAGE`: why the last release failed, or what is wrong now, with the fix."""

import argparse
from dataclasses import asdict

from rich.markup import escape

from release.connect import connect
from release.operations.doctor import doctor
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE")
    arguments.endpoint(parser)


def _work(args: argparse.Namespace, out: Out) -> int:
    found = doctor(connect(out.tell), args.stage, args.endpoint)
    where = f"{found.endpoint} in {found.stage}: {found.about}"
    if found.diagnosis is None:
        words = f"[green]✓[/green] {escape(where)}; {escape('; '.join(found.checked))}"
    else:
        words = f"[red]✗[/red] {escape(where)}. {escape(found.diagnosis.paragraph)}"
    paragraph = found.diagnosis.paragraph if found.diagnosis else None
    out.result({**asdict(found), "healthy": paragraph is None, "paragraph": paragraph}, words)
    return 0 if found.diagnosis is None else 1


COMMAND = Command(
    name="doctor",
    summary="Why the last release failed, or what is wrong now; exit code 1 when something is.",
    example="./slipway doctor staging",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
