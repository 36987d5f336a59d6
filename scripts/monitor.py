"""`./slipway monitor STAGE`: read captured records by the hour, each once, and say what they show."""

import argparse
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run

if TYPE_CHECKING:
    from monitoring.operations.monitor import Asked

HELD = 3


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE")
    arguments.endpoint(parser)
    _hours(parser, "--since", "from this hour on (2026-11-30T02, UTC), not from the last one read")
    _hours(parser, "--until", "up to this hour, which is not read")
    _hours(parser, "--again", "read this hour again, and no other; may be repeated", action="append")
    parser.add_argument("--late", action="store_true", help="read hours again for which files came late")


def _hours(parser: argparse.ArgumentParser, name: str, words: str, action: str = "store") -> None:
    parser.add_argument(name, type=_hour, metavar="HOUR", action=action, help=words)


def _work(args: argparse.Namespace, out: Out) -> int:
    from monitoring import connect as monitoring
    from monitoring.operations.monitor import monitor
    from monitoring.operations.telling import tell_all
    from scripts.shared import monitored

    room = monitoring.room(out.tell, args.stage)
    records_of = partial(monitoring.captured, room.ports)
    found = monitor(room.ports, records_of, room.findings, args.endpoint, _asked(args), out.tell)
    told = tell_all(room, out.tell)
    out.table(monitored.hours_table(found))
    out.table(monitored.effects_table(found))
    out.result(monitored.values(found, told), *monitored.words(found, told))
    return HELD if found.needs_a_person else 0


def _asked(args: argparse.Namespace) -> "Asked":
    from monitoring.operations.monitor import Asked

    return Asked(args.since, args.until, tuple(sorted(set(args.again or ()))), args.late)


def _hour(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no hour, as 2026-11-30T02 is") from None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found.replace(minute=0, second=0, microsecond=0)


COMMAND = Command(
    name="monitor",
    summary="Read what a live model was asked and answered, by the hour, and say what that shows.",
    example="./slipway monitor prod --since 2026-11-30T02",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
