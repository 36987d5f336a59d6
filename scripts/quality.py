"""`./slipway quality STAGE`: how good the live release's answers are, by truth that comes late."""

import argparse
from dataclasses import asdict

from rich.markup import escape

from monitoring import connect
from monitoring.operations.quality import Told, quality
from monitoring.operations.telling import tell_all
from monitoring.quality import wording
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE", help="the stage whose live release is measured")
    arguments.endpoint(parser)
    again = "read the truth files under this URI once more: their lines in quarantine, too"
    parser.add_argument("--again", metavar="S3", default="", help=again)


def _work(args: argparse.Namespace, out: Out) -> int:
    room = connect.room(out.tell, args.stage)
    with out.waiting(f"joining new truth to the rows of {args.stage}"):
        told = quality(room.ports, lambda name: connect.truth(room.ports, name), args.endpoint, args.again)
    room.findings.note(told.quality.findings)
    tell_all(room, out.tell)
    out.result(_value(told), *_lines(told))
    return 0


def _lines(told: Told) -> list[str]:
    lines = [escape(line) for line in wording.lines(told.quality)]
    lines += [f"  [yellow]{count:,}[/yellow] {cause}" for cause, count in told.troubles.items()]
    lines += [f"  {told.waiting:,} labels wait for their row"] if told.waiting else []
    found = [f"[red]![/red] {escape(one.summary)}" for one in told.quality.findings]
    return [*lines, *(found or ["[green]✓[/green] nothing alarms"])]


def _value(told: Told) -> dict[str, object]:
    value = asdict(told)
    value["quality"]["findings"] = [one.model_dump(mode="json") for one in told.quality.findings]
    for one in (value["quality"]["calibration"], *value["quality"]["slices"]):
        if one:
            one.pop("finding")
    return value


COMMAND = Command(
    name="quality",
    summary="How good the live release's answers are: calibration, AUC and log loss by late truth.",
    example="./slipway quality prod",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
