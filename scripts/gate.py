"""`./slipway gate`: what a stage's gates say of a trained model, before anything of it is pushed."""

import argparse
from pathlib import Path

from release.connect import connect
from release.operations.gate import gate
from scripts.shared import arguments, training
from scripts.shared.cli import Command, Out, run

NAMED = ("stage", "endpoint", "release", "image", "sha256")
MODEL = "what training left (default: .build/model of the project)"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE", nargs="?", help="whose gates (default: the first stage's)")
    parser.add_argument("--model", type=Path, metavar="DIR", help=MODEL)
    arguments.endpoint(parser)


def _work(args: argparse.Namespace, out: Out) -> int:
    world = connect(out.tell)
    found = gate(world, args.model or world.build / "model", args.stage, args.endpoint, out.tell)
    training.gates(found.results, out)
    names = ", ".join(one.name for one in found.failed)
    words = f"[red]✗[/red] {found.stage} refuses {found.release}: {names}. Nothing was pushed or changed."
    if not found.failed:
        words = f"[green]✓[/green] {found.stage}'s gates let {found.release} in: ./slipway release"
    told = {"gates": [one.model_dump(mode="json") for one in found.results], "passed": not found.failed}
    out.result({**told, **{name: getattr(found, name) for name in NAMED}}, words)
    return 1 if found.failed else 0


COMMAND = Command(
    name="gate",
    summary="What a stage's gates say of a trained model, before anything is pushed; 1 where one refuses.",
    example="./slipway gate dev --model .build/model",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
