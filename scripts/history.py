"""`./slipway history [STAGE]`: who moved what, when, on what grounds and how it ended, by the ledger."""

import argparse

from rich.markup import escape
from rich.table import Table

from release.connect import connect
from release.domain.ledger import Entry
from release.domain.past import Moved, why
from release.operations.history import histories
from scripts.shared.cli import Command, Out, run

SHOWN = 20


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE", nargs="?", help="the stage (default: all)")
    parser.add_argument("-n", "--last", type=int, default=SHOWN, help=f"how many of each (default {SHOWN})")
    parser.add_argument("--all", action="store_true", help="the whole history")
    parser.add_argument("--entries", action="store_true", help="show the ledger's entries, one by one")


def _work(args: argparse.Namespace, out: Out) -> int:
    found = histories(connect(out.tell), args.stage, None if args.all else max(args.last, 1))
    moved = sorted((moved for stage in found for moved in stage.rollouts), key=lambda moved: moved.at)
    entries = [(stage.stage, stored.entry) for stage in found for stored in stage.entries]
    out.table(_entries(entries) if args.entries else _rollouts(moved))
    broken = [f"{stage.stage}: {stage.broken}" for stage in found if stage.broken]
    values = {
        "stage": args.stage,
        "rollouts": [line.values() for line in moved],
        "entries": [entry.model_dump(mode="json") for _, entry in entries],
        "broken": "; ".join(broken) or None,
    }
    out.result(values, *(f"[red]✗ the ledger was changed: {escape(place)}[/red]" for place in broken))
    return 1 if broken else 0


def _rollouts(moved: list[Moved]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("when (UTC)", "stage", "what", "release", "endpoint", "instead of", "by", "end", "grounds"):
        table.add_column(title)
    for line in moved:
        when, end = _when(line.at), line.end if line.ended else f"[yellow]… {line.end}[/yellow]"
        cells = (line.stage, line.kind, line.release, line.endpoint, line.before or "-", line.by)
        table.add_row(when, *map(escape, cells), end, escape(line.grounds))
        taken_over = f"taken over by {' and '.join(line.resumed)}" if line.resumed else ""
        for text in filter(None, (line.reason, *line.noted, taken_over)):
            table.add_row("", *[""] * 7, f"[dim]{escape(text)}[/dim]")
    return table


def _entries(entries: list[tuple[str, Entry]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("#", "when (UTC)", "stage", "what", "release", "endpoint", "event", "by", "why"):
        table.add_column(title)
    for stage, entry in entries:
        subject, by = entry.subject, f"{entry.owner.user}@{entry.owner.host}"
        cells = (stage, subject.kind, subject.release, subject.endpoint, str(entry.what.event), by)
        table.add_row(str(entry.number), _when(entry.at), *cells, escape(why(entry.what)))
    return table


def _when(at: str) -> str:
    return at[:19].replace("T", " ")


COMMAND = Command(
    name="history",
    summary="Who moved what, when, on what grounds; exit code 1 when entries that it read were changed.",
    example="./slipway history prod --last 50",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
