"""`./slipway new-model NAME`: write a small service that works, to put your own data and features into."""

import argparse
from pathlib import Path

from model.finding import EXAMPLE, OWN
from model.skeletons.copying import KINDS, make
from release import connect
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("name", metavar="NAME", help="what it is called: a folder, a Python package, a model in MLflow")
    add("--kind", choices=KINDS, default=KINDS[0], help=f"what it answers (default {KINDS[0]})")
    add("--into", type=Path, metavar="DIR", help=f"where its folder goes (default: {OWN} of the project)")


def _work(args: argparse.Namespace, out: Out) -> int:
    project = connect.folder()
    folder = make(args.name, args.kind, args.into or project / OWN)
    own = args.name if args.into is None else folder
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    out.result(
        {"service": args.name, "kind": args.kind, "folder": str(folder)},
        f"[green]✓[/green] {shown}: service.py is what to change, test_service.py tests it",
        f"Train it: ./slipway train --service {own}, then ./slipway release",
        f"The example, flights, is still there: --service {EXAMPLE.relative_to(EXAMPLE.parents[1])}",
    )
    return 0


COMMAND = Command(
    name="new-model",
    summary="Write the folder of a new service: a small one that works, with its tests.",
    example="./slipway new-model diabetes --kind regression",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
