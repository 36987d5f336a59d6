"""`./slipway logs STAGE`: what the endpoint's containers printed last, without their telemetry."""

import argparse
from dataclasses import asdict

from rich.markup import escape

from release.connect import connect
from release.operations.logs import logs
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run

LINES = 40


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE")
    arguments.endpoint(parser)
    parser.add_argument("--variant", default="", help="of one variant alone: live or candidate")
    parser.add_argument(
        "-n", "--lines", type=int, default=LINES, help=f"last lines of each (default {LINES})"
    )


def _work(args: argparse.Namespace, out: Out) -> None:
    found = logs(connect(out.tell), args.stage, args.endpoint, args.variant)
    words = [f"no container of {found.endpoint} in {found.stage} has printed anything ({found.group})"]
    if found.streams:
        words = [
            line
            for stream in found.streams
            for line in (
                f"[bold]{escape(stream.name)}[/bold]",
                *map(escape, stream.lines[-max(args.lines, 1) :]),
            )
        ]
    out.result(asdict(found), *words)


COMMAND = Command(
    name="logs",
    summary="What the endpoint's containers printed last: why one does not start.",
    example="./slipway logs staging --variant candidate",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
