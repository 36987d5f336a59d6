"""`./slipway cleanup STAGE`: lists what a stage holds and nobody names; deletes it with --delete."""

import argparse
from collections.abc import Iterable

from rich.table import Table

from release.connect import connect
from release.domain.cleanup import Thing
from release.operations.cleanup import DAYS, cleanup
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE", help="the stage to look through")
    parser.add_argument("--delete", action="store_true", help="delete what may go")
    parser.add_argument(
        "--older-than",
        metavar="DAYS",
        type=float,
        default=DAYS,
        help=f"leave what is younger: it may be on its way in (default {DAYS:.0f})",
    )
    parser.add_argument("--stays", action="store_true", help="show what stays, too, and why")


def _work(args: argparse.Namespace, out: Out) -> int:
    found = cleanup(connect(out.tell), args.stage, args.delete, max(args.older_than, 0.0), out.tell)
    if found.goes and not args.delete:
        out.table(_table("nobody names", ((thing, _tags(thing)) for thing in found.goes)))
    if args.stays:
        out.table(_table("stays", ((kept.thing, kept.why) for kept in found.stays)))
    values = {
        "stage": found.stage,
        "goes": [_values(thing) for thing in found.goes],
        "stays": [_values(kept.thing) | {"why": kept.why} for kept in found.stays],
        "deleted": [_values(thing) for thing in found.deleted],
    }
    count, kept = len(found.goes), len(found.stays)
    words = f"{len(found.deleted)} of {count} deleted" if args.delete else f"{count} may go, by --delete"
    out.result(values, f"[green]✓[/green] {found.stage}: {words}; {kept} are needed and stay")
    return 0


def _values(thing: Thing) -> dict[str, str]:
    return {"kind": thing.kind.value, "name": thing.name, "made": thing.made.isoformat()}


def _tags(thing: Thing) -> str:
    return ", ".join(thing.tags)


def _table(title: str, lines: Iterable[tuple[Thing, str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in (title, "name", "made (UTC)", ""):
        table.add_column(head)
    for thing, text in lines:
        table.add_row(thing.kind.value, thing.name, f"{thing.made:%Y-%m-%d %H:%M}", text)
    return table


COMMAND = Command(
    name="cleanup",
    summary="List what a stage holds and no pin, rollout or endpoint names; with --delete, delete it.",
    example="./slipway cleanup prod --delete",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
