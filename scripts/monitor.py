"""`./slipway monitor STAGE`: all of a live release in one look: records by the hour, drift, quality."""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.shared import arguments
from scripts.shared.cli import Command, Out, execute, run

if TYPE_CHECKING:
    from monitoring.operations.monitor import Asked

SCHEDULED = "as a schedule asks: every endpoint that is captured; 3 for what is new alone, not while it holds"


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stage", metavar="STAGE")
    arguments.endpoint(parser)
    _hours(parser, "--since", "from this hour on (2026-11-30T02, UTC), not from the last one read")
    _hours(parser, "--until", "up to this hour, which is not read")
    _hours(parser, "--again", "read this hour again, and no other; may be repeated", action="append")
    add("--late", action="store_true", help="read hours again for which files came late")
    add("--report", metavar="FILE", type=Path, help="draw the newest rows beside the sample, as HTML")
    add("--retrain", action="store_true", help="where a finding asks for a retrain, begin it at once")
    add("--scheduled", action="store_true", help=SCHEDULED)


def _hours(parser: argparse.ArgumentParser, name: str, words: str, action: str = "store") -> None:
    parser.add_argument(name, type=arguments.hour, metavar="HOUR", action=action, help=words)


def _work(args: argparse.Namespace, out: Out) -> int:
    if args.scheduled:
        from scripts.shared import scheduled

        return scheduled.work(args, out, _asked(args))
    from monitoring import connect as monitoring
    from monitoring.drawing import drift_page
    from monitoring.operations.whole import whole
    from scripts.shared import monitored

    if args.report:
        drift_page.installed()
    room = monitoring.room(out.tell, args.stage)
    records_of, truth_of = partial(monitoring.captured, room.ports), partial(monitoring.truth, room.ports)
    found = whole(room, records_of, truth_of, args.endpoint, _asked(args), out.tell)
    out.table(monitored.hours_table(found.hours))
    out.table(monitored.effects_table(found.hours))
    out.result(monitored.values(found), *monitored.words(found))
    hours = found.hours
    if args.report:
        rows = monitoring.draw_drift(room.ports, hours.endpoint, hours.release, hours.until, args.report)
        out.note(f"{args.report} shows the newest {rows:,} rows beside the release's sample")
    if args.retrain and (asks := monitored.retrain(found)):
        from scripts import retrain

        return execute(retrain.COMMAND, [*asks, *(["--json"] if args.json else [])])
    return monitored.exit_code(found)


def _asked(args: argparse.Namespace) -> "Asked":
    from monitoring.operations.monitor import Asked

    return Asked(args.since, args.until, tuple(sorted(set(args.again or ()))), args.late)


COMMAND = Command(
    name="monitor",
    summary="Read what a live model was asked and answered, by the hour, and say what that shows.",
    example="./slipway monitor prod --since 2026-11-30T02",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
