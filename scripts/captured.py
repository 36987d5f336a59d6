"""`./slipway captured STAGE`: whether every answer that was to be captured is there, hour by hour."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby

from monitoring import connect as monitoring
from monitoring.hours import HOUR
from monitoring.operations.account import Accounted, account, look
from monitoring.operations.telling import tell_all
from scripts.shared import arguments, findings
from scripts.shared.cli import Command, Out, run

HELD = 3


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", help="the stage whose captures are compared with what was answered")
    arguments.endpoint(parser)
    parser.add_argument(
        "--hours", type=arguments.whole(1, 24 * 90), default=24, help="so many whole hours (default 24)"
    )
    parser.add_argument(
        "--now", action="store_true", help="the hour that is not over too: what is on its way is missing"
    )


def _work(args: argparse.Namespace, out: Out) -> int:
    room = monitoring.room(out.tell, args.stage)
    counts = monitoring.capture_counts(room.ports)
    with room.world.explaining():
        found = account(room.ports, counts, args.endpoint, args.hours, args.now)
    room.findings.note(found.findings, look(found))
    told = tell_all(room, out.tell)
    lines = [
        f"[red]✗[/red] {one.hour:%Y-%m-%d %H}h {one.variant}: {one.missing:,} of {one.answered:,} are missing"
        for one in found.accounts
        if one.missing
    ]
    lines += [f"[dim]{line}[/dim]" for line in not_compared(found.apart)]
    out.result(
        {**asdict(found), "findings": [one.id for one in found.findings], "told": findings.of_telling(told)},
        *lines,
        f"{_done(found)}: {found.answered:,} answers and {found.kept:,} records of {found.endpoint}",
    )
    return HELD if found.needs_a_person else 0


def _done(found: Accounted) -> str:
    if found.missing:
        return f"{found.missing:,} are missing"
    if found.nothing:
        return f"[yellow]! {found.nothing}, so nobody knows whether records are missing[/yellow]"
    if not found.answered:
        return f"no answer was given in {found.hours} hours, so there was nothing to compare"
    return "[green]✓[/green] nothing is missing"


def not_compared(apart: Sequence[tuple[datetime, str]]) -> Iterator[str]:
    """Hours that were not compared: those that follow each other for one reason in one line."""
    numbered = groupby(enumerate(apart), lambda one: (one[1][1], one[1][0] - one[0] * HOUR))
    for (why, _), group in numbered:
        first, *others = [hour for _, (hour, _) in group]
        to = f" to {others[-1]:%Y-%m-%d %H}h: {len(others) + 1} hours were" if others else " was"
        yield f"{first:%Y-%m-%d %H}h{to} not compared: {why}"


COMMAND = Command(
    name="captured",
    summary="Compare what SageMaker counted with what was captured, and name what is missing.",
    example="./slipway captured prod --hours 48",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
