"""`./slipway history STAGE`: what happened in a stage, by its ledger, newest last."""

import argparse

from rich.table import Table

from release.connect import connect
from release.domain.ledger import Closed, Entered, Entry, Judged, Opened, Payload, Refused
from release.operations.history import history
from scripts.shared.cli import Command, Out, run

SHOWN = 20


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE")
    parser.add_argument("-n", "--last", type=int, default=SHOWN, help=f"how many entries (default {SHOWN})")
    parser.add_argument("--all", action="store_true", help="the whole history")


def _work(args: argparse.Namespace, out: Out) -> int:
    found = history(connect(out.tell), args.stage, None if args.all else max(args.last, 1))
    entries = [stored.entry for stored in found.entries]
    out.table(_table(entries))
    lines = [entry.model_dump(mode="json") for entry in entries]
    words = [f"[red]✗ the ledger was changed: {found.broken}[/red]"] if found.broken else []
    out.result({"stage": args.stage, "entries": lines, "broken": found.broken}, *words)
    return 1 if found.broken else 0


def _table(entries: list[Entry]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("#", "when (UTC)", "what", "release", "endpoint", "event", "by", "why"):
        table.add_column(title)
    for entry in entries:
        subject, what = entry.subject, entry.what
        when = entry.at[:19].replace("T", " ")
        by = f"{entry.owner.user}@{entry.owner.host}"
        cells = (when, subject.kind, subject.release, subject.endpoint, str(what.event), by, _why(what))
        table.add_row(str(entry.number), *cells)
    return table


def _why(what: Payload) -> str:
    """The reason that an entry holds: a person's, or what speaks against a release."""
    match what:
        case Opened(skip=skip, approval=approval):
            skipped = [f"without {' and '.join(skip.stages)}: {skip.reason}"] if skip else []
            approved = [f"approved by {approval.by}: {approval.reason}"] if approval else []
            return "; ".join(skipped + approved)
        case Judged(share=share, decision=decision, because=because):
            return f"{decision} at {share} %: {because}"
        case Refused(reasons=reasons):
            return "; ".join(reasons)
        case Entered(reason=reason) | Closed(reason=reason):
            return reason
    return ""


COMMAND = Command(
    name="history",
    summary="What happened in a stage, by its ledger; exit code 1 when the entries shown were changed.",
    example="./slipway history prod --last 50",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
