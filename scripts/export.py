"""`./slipway export STAGE`: writes what a stage serves for other systems; `--check` says what is stale."""

import argparse
import shlex
from pathlib import Path

from integrations import folder, formats
from release.connect import connect
from release.connect import folder as project_folder
from release.domain.errors import UsageError
from release.domain.exported import Exported
from release.operations.export import export
from scripts.shared.cli import STALE, Command, Out, run

ALL, EXPORTED = "all", "exported"


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stage", metavar="STAGE")
    known = (ALL, EXPORTED, *formats.formats())
    says = f"one system's files; {ALL} of them (the default), or those that were {EXPORTED} before"
    add("--format", choices=known, default=ALL, help=says)
    add(
        "--output",
        metavar="DIR",
        type=Path,
        help="in the place of the project's integrations/: DIR/FORMAT/stages/STAGE/",
    )
    add("--check", action="store_true", help=f"write nothing, and end with {STALE} where anything is stale")


def _work(args: argparse.Namespace, out: Out) -> int:
    world = connect(out.tell)
    stage = world.stages.entry(args.stage).name
    root = args.output or project_folder() / "integrations"
    asked = (args.format,) if args.format in formats.formats() else formats.formats()
    places = {name: folder.place(root, name, stage) for name in asked}
    if args.format == EXPORTED:
        places = {name: place for name, place in places.items() if folder.written(place)}
    if not places:
        out.result({"stage": stage, "formats": []}, f"nothing of {stage} was exported before")
        return 0
    exported = export(world, stage, out.tell)
    made, refused = _made(args, places, exported)
    for name, error in refused.items():
        out.plain(f"- {name} is left out: {error.cause}")
    served = {endpoint.name: endpoint.live.pin.release for endpoint in exported.endpoints}
    taken = [name for name in places if name not in refused]
    value = {"stage": stage, "formats": taken, "endpoints": served, "left_out": list(refused)}
    if args.check:
        return _compare(args, made, value, out)
    written = [path for place, files in made.items() for path in folder.write(place, files)]
    out.plain("\n".join(written) or "nothing changed")
    releases = ", ".join(f"{name} {release}" for name, release in served.items())
    out.result({**value, "written": written}, f"[green]✓[/green] {stage}: {releases}")
    return 0


def _made(
    args: argparse.Namespace, places: dict[str, Path], exported: Exported
) -> tuple[dict[Path, dict[str, str]], dict[str, UsageError]]:
    """All files, before the first is written, and which systems take none of them.

    Not every system runs every release, so among all formats one may refuse it. One that was asked for by its
    name, or exported before, may not; nor may all of them. Raises UsageError.
    """
    made, refused = {}, {}
    for name, place in places.items():
        try:
            made[place] = formats.files_of(name, exported)
        except UsageError as error:
            if args.format != ALL or folder.written(place):
                raise
            refused[name] = error
    if not made:
        raise next(iter(refused.values()))
    return made, refused


def _compare(
    args: argparse.Namespace, made: dict[Path, dict[str, str]], value: dict[str, object], out: Out
) -> int:
    stale = [one for place, files in made.items() for one in folder.differences(place, files)]
    given = (("--format", args.format, ALL), ("--output", args.output, None))
    options = "".join(f" {name} {shlex.quote(str(said))}" for name, said, usual in given if said != usual)
    mends = f"./slipway export {args.stage}{options}" if stale else None
    for one in stale:
        out.plain(f"✗ {one}")
    said = f"[red]✗[/red] stale; written anew by: {mends}" if stale else "[green]✓[/green] as the pins say"
    out.result({**value, "stale": stale, "mends": mends}, said)
    return STALE if stale else 0


COMMAND = Command(
    name="export",
    summary="Write what a stage serves for Terraform, Kubernetes and others, fenced and judged as here.",
    example="./slipway export prod --format terraform --check",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
