"""`./slipway verify [STAGE]`: proves that a stage's ledger is whole, and says where it is not."""

import argparse
from dataclasses import asdict

from rich.markup import escape

from release.connect import connect
from release.operations.verify import Verified, verify
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE", nargs="?", help="the stage (default: all)")


def _work(args: argparse.Namespace, out: Out) -> int:
    found = verify(connect(out.tell), args.stage)
    whole = not any(stage.problems for stage in found)
    words = [line for stage in found for line in _words(stage)]
    out.result({"stages": [asdict(stage) for stage in found], "whole": whole}, *words)
    return 0 if whole else 1


def _words(found: Verified) -> list[str]:
    if found.problems:
        return [f"[red]✗ {found.stage}: {escape(problem)}[/red]" for problem in found.problems]
    proven = f"{found.entries} entries proven: each is as it was written, and none is missing"
    return [f"[green]✓[/green] {found.stage}: {proven if found.entries else 'no entry yet'}"]


COMMAND = Command(
    name="verify",
    summary="Prove a stage's whole ledger; exit code 1 names what was changed, removed or added.",
    example="./slipway verify prod",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
