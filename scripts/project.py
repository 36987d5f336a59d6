"""`./slipway project DIR`: make a project folder, so that a trial leaves this repository's data alone.

The repository's own services are there too, as links.
"""

import argparse
from pathlib import Path

from demo.project import make_project
from model import finding
from release.domain.errors import UsageError
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="a new or empty folder")


def _work(args: argparse.Namespace, out: Out) -> int:
    if args.folder.exists() and (not args.folder.is_dir() or any(args.folder.iterdir())):
        raise UsageError(
            f"{args.folder} is not empty.", "Nothing was written.", "Name a new or empty folder."
        )
    folder = make_project(args.folder)
    for name, own in finding.services(finding.ROOT).items():
        link = folder / finding.OWN / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(own)
    out.result(
        {"project": str(folder)},
        f"[green]✓[/green] {folder} has the stages and the program of this repository",
        f'  cd {folder} && ./slipway sandbox up --port 0 && eval "$(./slipway sandbox env)"',
    )
    return 0


COMMAND = Command(
    name="project",
    summary="Make a project folder with the stages of this repository, to try things in.",
    example="./slipway project /tmp/trial",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
