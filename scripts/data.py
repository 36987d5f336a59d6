"""`./slipway data RELEASE`: exactly the data that a release's model was trained on, proven by its hash."""

import argparse
from dataclasses import asdict
from pathlib import Path

from rich.markup import escape

from release.connect import connect
from release.operations.data import bring
from scripts.shared.cli import Command, Out, run

OUT = "the file to write (default: .build/data/RELEASE.parquet of the project)"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("release", metavar="RELEASE", help="the release, by its id (./slipway status)")
    parser.add_argument("--out", type=Path, metavar="FILE", help=OUT)


def _work(args: argparse.Namespace, out: Out) -> int:
    with out.waiting(f"Looking for the data of {args.release}"):
        found = bring(connect(out.tell), args.release, args.out, out.tell)
    proven = f"{found.size:,} bytes, sha256 {found.sha256[:12]}…, from {found.stage}"
    words = f"[green]✓[/green] {escape(str(found.file))}: {escape(found.version)} ({proven})"
    out.result(asdict(found), words)
    return 0


COMMAND = Command(
    name="data",
    summary="Bring exactly the data that a release's model was trained on, proven by its hash.",
    example="./slipway data 7f9ae170c5b5 --out flights.parquet",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
