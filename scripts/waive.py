"""`./slipway waive RELEASE --stage STAGE --gate NAME`: lets a release in although a quality gate failed."""

import argparse
from dataclasses import asdict
from datetime import date

from rich.markup import escape

from release.connect import connect
from release.domain.said import shown
from release.operations.waive import Order, waive
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    arguments.word(parser)
    parser.add_argument("--gate", metavar="NAME", required=True, help="the gate of its evidence that failed")
    parser.add_argument(
        "--until", metavar="DATE", type=_date, required=True, help="the last day, YYYY-MM-DD (UTC)"
    )


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2026-12-31") from None


def _work(args: argparse.Namespace, out: Out) -> int:
    order = Order(args.release, args.stage, args.gate, args.reason, args.until)
    done = waive(connect(out.tell), order, out.tell)
    out.result(
        asdict(done),
        f"[green]✓[/green] {done.gate} of {done.release} is waived in {done.stage} until {done.until} "
        f"by {escape(shown(done.by))}",
        escape(f"it said: {done.measured}"),
    )
    return 0


COMMAND = Command(
    name="waive",
    summary="Let a release into a stage although one quality gate of its evidence failed, until a day.",
    example="./slipway waive 7f9ae170c5b5 --stage staging --gate auc --reason 'new data' --until 2026-12-31",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
