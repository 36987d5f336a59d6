"""`./slipway release`: image and model become a release, live in the first stage and verified."""

import argparse
from dataclasses import asdict
from pathlib import Path

from release.connect import connect
from release.domain.errors import UsageError
from release.operations.composing import Given
from release.operations.release import Order, release
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run
from scripts.shared.words import landed


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", type=Path, help="what training left (default: .build/model of the project)"
    )
    parser.add_argument(
        "--image", metavar="REPO@sha256:…", help="a container that somebody else built, by digest"
    )
    parser.add_argument("--artifact", type=Path, metavar="FILE", help="its model.tar.gz")
    parser.add_argument(
        "--evidence", type=Path, metavar="FILE", help="what was measured of both: docs/foreign.md"
    )
    parser.add_argument("--stage", help="the stage (default: the first one)")
    arguments.endpoint(parser)
    arguments.skip(parser)
    arguments.strategy(parser)
    arguments.no_commit(parser)


def _given(args: argparse.Namespace) -> Given | None:
    """The container of others that the arguments name, None where they name ours."""
    named = {"--image": args.image, "--artifact": args.artifact, "--evidence": args.evidence}
    missing = [option for option, value in named.items() if value is None]
    if len(missing) == len(named):
        return None
    if missing or args.model:
        raise UsageError(
            f"A container of others needs {' and '.join(missing)} too."
            if missing
            else "--model is of our own containers; --image, --artifact and --evidence are of others.",
            "Nothing was changed.",
            "./slipway release --image REPO@sha256:… --artifact model.tar.gz --evidence evidence.json "
            "(docs/foreign.md)",
        )
    return Given(args.image, args.artifact, args.evidence)


def _work(args: argparse.Namespace, out: Out) -> int:
    given = _given(args)
    world = connect(out.tell, commits=args.commits)
    order = Order(
        given or args.model or world.build / "model",
        args.stage,
        args.endpoint,
        args.skip,
        args.reason,
        args.strategy,
    )
    result = release(world, order, out.tell)
    out.result(asdict(result), landed(result))
    return 0


COMMAND = Command(
    name="release",
    summary="Build the image, push it and the trained model, roll them out in the first stage and verify; "
    "or do so with a container of others, by digest, and the file that says what was measured of it.",
    example="./slipway release --model .build/model\n"
    "  ./slipway release --image REPO@sha256:… --artifact model.tar.gz --evidence evidence.json",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
