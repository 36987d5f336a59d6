"""`./slipway export STAGE`: writes what a stage serves for other systems; `--check` says what is stale."""

import argparse
from pathlib import Path

from integrations import folder, formats
from release.connect import connect
from release.connect import folder as project_folder
from release.domain.exported import Exported
from release.operations.export import export
from scripts.shared.cli import STALE, Command, Out, run

ALL = "all"


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stage", metavar="STAGE")
    known = (ALL, *formats.formats())
    add("--format", choices=known, default=ALL, help=f"one system's files (default: {ALL})")
    add(
        "--output",
        metavar="DIR",
        type=Path,
        help="in the place of the project's integrations/: DIR/FORMAT/stages/STAGE/",
    )
    add("--check", action="store_true", help=f"write nothing, and end with {STALE} where anything is stale")


def _work(args: argparse.Namespace, out: Out) -> int:
    exported = export(connect(out.tell), args.stage, out.tell)
    names = formats.formats() if args.format == ALL else (args.format,)
    root = args.output or project_folder() / "integrations"
    made = {
        folder.place(root, name, exported.stage): formats.files_of(name, exported) for name in names
    }  # all of them, before the first is written
    value = {"stage": exported.stage, "formats": list(names), "endpoints": _served(exported)}
    if args.check:
        return _compare(args, made, value, out)
    written = [path for place, files in made.items() for path in folder.write(place, files)]
    out.plain("\n".join(written) or "nothing changed")
    releases = ", ".join(f"{name} {release}" for name, release in _served(exported).items())
    out.result({**value, "written": written}, f"[green]✓[/green] {exported.stage}: {releases}")
    return 0


def _served(exported: Exported) -> dict[str, str]:
    return {endpoint.name: endpoint.live.pin.release for endpoint in exported.endpoints}


def _compare(
    args: argparse.Namespace, made: dict[Path, dict[str, str]], value: dict[str, object], out: Out
) -> int:
    stale = [one for place, files in made.items() for one in folder.differences(place, files)]
    given = (("--format", args.format, ALL), ("--output", args.output, None))
    options = "".join(f" {option} {said}" for option, said, usual in given if said != usual)
    mends = f"./slipway export {args.stage}{options}"
    for one in stale:
        out.plain(f"✗ {one}")
    said = f"[red]✗[/red] stale; written anew by: {mends}" if stale else "[green]✓[/green] as the pins say"
    out.result({**value, "stale": stale, "mends": mends if stale else None}, said)
    return STALE if stale else 0


COMMAND = Command(
    name="export",
    summary="Write what a stage serves for Terraform and other systems, fenced and judged as it is here.",
    example="./slipway export prod --format terraform --check",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
