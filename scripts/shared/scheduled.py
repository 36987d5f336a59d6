"""`./slipway monitor STAGE --scheduled`: what a schedule's look at a stage came to, in words and values."""

import argparse
from functools import partial

from rich.markup import escape

from monitoring import connect as monitoring
from monitoring.operations.monitor import Asked
from monitoring.operations.scheduled import Scheduled, scheduled
from release.domain.errors import UsageError
from scripts.shared import findings, monitored
from scripts.shared.cli import Out


def work(args: argparse.Namespace, out: Out, asked: Asked) -> int:
    """Look at every endpoint of the stage that is captured. Raises UsageError beside what is about one."""
    if args.endpoint or args.again or args.report or args.retrain:
        raise UsageError(
            "--scheduled looks at every endpoint of the stage that is captured.",
            "Nothing was read.",
            "Leave --endpoint, --again, --report and --retrain out, or --scheduled.",
        )
    room = monitoring.room(out.tell, args.stage)
    records_of, truth_of = partial(monitoring.captured, room.ports), partial(monitoring.truth, room.ports)
    found = scheduled(room, records_of, truth_of, asked, out.tell)
    for look in found.looks:
        out.table(monitored.hours_table(look.hours))
        out.table(monitored.effects_table(look.hours))
    if found.open:
        out.table(findings.table(found.open))
    out.result(_values(found), *_words(found))
    codes = [error.exit_code for error in found.failed.values()]
    if found.untold:
        codes.append(monitored.UNREACHED)
    return max(codes) if codes else monitored.exit_code(found)


def _words(found: Scheduled) -> list[str]:
    said = [line for look in found.looks for line in monitored.words(look)]
    said += [
        f"[red]✗ {escape(name)} in {found.stage} could not be looked at[/red]: "
        + escape(f"{error.cause} {error.next_step}")
        for name, error in found.failed.items()
    ]
    said += [
        f"[dim]{escape(name)} in {found.stage} was not looked at: {why}[/dim]"
        for name, why in found.left_out.items()
    ]
    if found.looks:
        news = sum(look.told.news for look in found.looks)
        said.append(f"open findings in {found.stage}: {len(found.open)}, told of now: {news}")
    return said


def _values(found: Scheduled) -> dict[str, object]:
    return {
        "stage": found.stage,
        "looks": [monitored.values(look) for look in found.looks],
        "left_out": dict(found.left_out),
        "failed": {name: error.cause for name, error in found.failed.items()},
        "untold": dict(found.untold),
        "news": sum(look.told.news for look in found.looks),
        "open": [findings.values(kept) for kept in found.open],
    }
