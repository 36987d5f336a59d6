"""`./slipway fence [add|clear RELEASE]`: the releases that are marked bad, which no stage accepts."""

import argparse
from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from release.connect import connect
from release.domain.errors import UsageError
from release.domain.fence import Fence
from release.operations import fences
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "do", metavar="list|add|clear", nargs="?", choices=("list", "add", "clear"), default="list"
    )
    parser.add_argument("release", metavar="RELEASE", nargs="?", help="the release to mark, or to clear")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; kept with the fence")
    parser.add_argument("--all", action="store_true", help="list those that were cleared too")


def _work(args: argparse.Namespace, out: Out) -> int:
    if (args.do == "list") == bool(args.release):
        raise UsageError(
            f"fence {args.do} takes {'no release' if args.release else 'a release'}.",
            "Nothing was changed.",
            "See: ./slipway fence --help",
        )
    world = connect(out.tell)
    match args.do:
        case "add":
            found = fences.add(world, args.release, args.reason, out.tell)
            words = f"{args.release} is fenced in {_stages(found)}: no stage accepts it"
        case "clear":
            found = fences.clear(world, args.release, args.reason, out.tell)
            words = f"{args.release} is cleared in {_stages(found)}"
        case _:
            found = fences.listed(world, args.all, out.tell)
            out.table(_table(found.fences) if found.fences else "no release is fenced")
            words = ""
    result = {"fences": [kept.model_dump(mode="json") for kept in found.fences], "unread": found.unread}
    out.result(result, *([f"[green]✓[/green] {words}"] if words else []))
    return 0


def _stages(found: fences.Found) -> str:
    return ", ".join(kept.stage for kept in found.fences)


def _table(found: Sequence[Fence]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("release", "stage", "when (UTC)", "by", "why", "cleared"):
        table.add_column(title)
    for kept in found:
        gone = kept.cleared
        cleared = f"{gone.at[:16].replace('T', ' ')} by {gone.by}: {gone.reason}" if gone else ""
        when = kept.at[:16].replace("T", " ")
        table.add_row(kept.release, kept.stage, when, *map(escape, (kept.by, kept.reason, cleared)))
    return table


COMMAND = Command(
    name="fence",
    summary="List the releases that no stage accepts; mark one bad, or clear it, with a reason.",
    example="./slipway fence clear 7f9ae170c5b5 --reason 'the data source was broken, not the model'",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
