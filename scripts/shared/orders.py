"""What `hold`, `resume` and `abort` have in common: one order for the rollout under way in a stage."""

import argparse
from dataclasses import asdict
from typing import Literal

from release.connect import connect
from release.operations.orders import order
from scripts.shared import arguments
from scripts.shared.cli import Command, Out


def command(wish: Literal["hold", "resume", "abort"], summary: str, reason: str, done: str) -> Command:
    """The command of that name; `done` says what is true once the order was given."""

    def take(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("stage", help="the stage in which the rollout is under way")
        arguments.endpoint(parser)
        parser.add_argument("--reason", metavar="TEXT", default="", help="why; the rollout tells it on")

    def work(args: argparse.Namespace, out: Out) -> int:
        told = order(connect(out.tell), args.stage, args.endpoint, wish, args.reason, out.tell)
        rollout = f"the rollout of {told.release} in {told.stage}"
        out.result(asdict(told), f"[green]✓[/green] {rollout} {done.format(stage=told.stage)}")
        return 0

    return Command(wish, summary, f'./slipway {wish} prod --reason "{reason}"', work, take)
