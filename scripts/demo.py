"""`./slipway demo`: the whole story on this machine, with the commands that people and CI use.

The story is `demo/chapters.py`. It happens in a real sandbox and a project folder of its own
(`.sandbox/project`), and ends with an error as soon as a step is not as told.
"""

import argparse
import sys
import time
from functools import partial
from pathlib import Path

from demo.chapters import tell
from demo.narration import Narration
from demo.project import ROOT
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--down", action="store_true", help="stop the sandbox at the end")


def _work(args: argparse.Namespace, out: Out) -> int:
    started = time.monotonic()
    home = ROOT / ".sandbox"
    say = partial(print, file=sys.stderr, flush=True)
    told = tell(Narration(home, home / "project", say), args.down)
    seconds = time.monotonic() - started
    out.result(
        {"seconds": round(seconds, 1), "live": told.first},
        f"\n[green]✓ the demo went as told, in {seconds:.0f} s[/green]",
        *([] if args.down else _look_around(home)),
    )
    return 0


def _look_around(home: Path) -> list[str]:
    shown = home.relative_to(Path.cwd()) if home.is_relative_to(Path.cwd()) else home
    return [
        "\nThe sandbox still runs. Look around in it:",
        f'  cd {shown}/project && eval "$(./slipway sandbox env --home ..)"',
        "  ./slipway status;  ./slipway invoke prod;  pulumi preview --stack prod",
        "Stop it: ./slipway sandbox down",
    ]


COMMAND = Command(
    name="demo",
    summary="Tell the whole story on this machine: train, release, promote, refuse, take back, roll back.",
    example="./slipway demo --down",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
