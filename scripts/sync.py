"""`./slipway sync STAGE`: the stage file gets the pins that the ledger's last rollout left."""

import argparse

from release.connect import connect
from release.operations.sync import Synced, sync
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", metavar="STAGE", help="the stage whose file is to be brought up to date")
    arguments.no_commit(parser)


def _work(args: argparse.Namespace, out: Out) -> int:
    found = sync(connect(out.tell, commits=args.commits), args.stage, out.tell)
    out.result({"endpoints": [_values(line) for line in found]}, *map(_words, found))
    return 0


def _values(line: Synced) -> dict[str, object]:
    before, after = (pins.model_dump(mode="json", exclude_none=True) for pins in (line.before, line.after))
    plain = {"stage": line.stage, "endpoint": line.endpoint, "changed": line.changed}
    return plain | {"before": before, "after": after}


def _words(line: Synced) -> str:
    file = f"Pulumi.{line.stage}.yaml"
    if not line.changed:
        return f"[green]✓[/green] {line.endpoint}: {file} is as the last rollout left it"
    return f"[green]✓[/green] {line.endpoint}: {file} was brought up to date"


COMMAND = Command(
    name="sync",
    summary="Give the stage file the pins that the ledger's last rollout left; nothing else is changed.",
    example="./slipway sync prod",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
