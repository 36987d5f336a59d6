"""`./slipway status`: what is live where: the pin, SageMaker's own answer, and where they disagree."""

import argparse
from dataclasses import asdict

from rich.table import Table

from release.connect import connect
from release.operations.status import EndpointStatus, status
from scripts.shared import findings
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stages", metavar="STAGE", nargs="*", help="stages to show (default: all)")


def _work(args: argparse.Namespace, out: Out) -> int:
    world = connect(out.tell)
    lines = findings.beside(world, status(world, args.stages))
    out.table(_table(lines))
    agree = not any(line.disagreements for line in lines)
    out.result({"stages": [asdict(line) for line in lines], "agree": agree}, *_words(lines, agree))
    return 0 if agree else 1


def _words(lines: list[EndpointStatus], agree: bool) -> list[str]:
    """What is true of all of them: of what does not exist yet, nothing is."""
    empty = list(dict.fromkeys(line.stage for line in lines if not line.provisioned))
    words = [f"[yellow]! {', '.join(empty)}: nothing is provisioned yet[/yellow]"] if empty else []
    if agree and any(line.provisioned for line in lines):
        words.append(f"[green]every {'other ' * bool(empty)}stage serves what its pin says[/green]")
    return words


def _table(lines: list[EndpointStatus]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("stage", "endpoint", "live", "previous", "SageMaker", "instances", "last in the ledger"):
        table.add_column(title)
    for line in lines:
        state = f"[red]{line.status}[/red]" if line.disagreements else line.status
        cells = (line.live or "-", line.previous or "-", state, str(line.instances or "-"), line.last)
        table.add_row(line.stage, line.endpoint, *cells)
        for text in line.disagreements:
            table.add_row("", "", f"[red]✗ {text}[/red]")
        for text in line.notes:
            table.add_row("", "", f"[yellow]! {text}[/yellow]")
        if line.rollout:
            table.add_row("", "", f"[yellow]… {line.rollout}[/yellow]")
    return table


COMMAND = Command(
    name="status",
    summary="What is live where; exit code 1 when a stage serves something else than its pin says.",
    example="./slipway status prod",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
