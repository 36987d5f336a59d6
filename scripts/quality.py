"""`./slipway quality STAGE`: how good the live release's answers are, by truth that comes late."""

import argparse
from functools import partial

from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run

HELD = 3


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE", help="the stage whose live release is measured")
    arguments.endpoint(parser)
    again = "read the truth files under this URI once more: their lines in quarantine, too"
    parser.add_argument("--again", metavar="S3", default="", help=again)


def _work(args: argparse.Namespace, out: Out) -> int:
    from monitoring import connect
    from monitoring.operations.telling import tell_all
    from monitoring.operations.whole import measured as measure
    from scripts.shared import measured

    room = connect.room(out.tell, args.stage)
    with out.waiting(f"joining new truth to the rows of {args.stage}"):
        told = measure(room, partial(connect.truth, room.ports), args.endpoint, args.again)
    heard = tell_all(room, out.tell)
    out.result(measured.values(told), *measured.words(told, heard.dismissed))
    return HELD if told.needs_a_person(heard.dismissed) else 0


COMMAND = Command(
    name="quality",
    summary="How good the live release's answers are: calibration, AUC and log loss by late truth.",
    example="./slipway quality prod",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
