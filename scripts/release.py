"""`./slipway release`: image and trained model become a release, live in the first stage and verified."""

import argparse
from dataclasses import asdict
from pathlib import Path

from release.connect import connect
from release.operations.release import Order, release
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run
from scripts.shared.words import landed


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", type=Path, help="what training left (default: .build/model of the project)"
    )
    parser.add_argument("--stage", help="the stage (default: the first one)")
    arguments.endpoint(parser)
    arguments.skip(parser)
    arguments.strategy(parser)


def _work(args: argparse.Namespace, out: Out) -> int:
    world = connect(out.tell)
    model = args.model or world.build / "model"
    order = Order(model, args.stage, args.endpoint, args.skip, args.reason, args.strategy)
    result = release(world, order, out.tell)
    out.result(asdict(result), landed(result))
    return 0


COMMAND = Command(
    name="release",
    summary="Build the image, push it and the trained model, roll them out in the first stage and verify.",
    example="./slipway release --model .build/model",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
