"""`./slipway score STAGE --input S3 --output S3`: scores files in S3 with what is live, joined to their rows.

It waits for the job; interrupted and run again, it finds the same job.
"""

import argparse
from dataclasses import asdict

from release.connect import connect
from release.domain.batch import CONTENT_TYPES, CSV
from release.operations.score import Order, score
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stage", metavar="STAGE", help="the stage whose live release scores")
    add("--input", metavar="S3", required=True, help="a file or folder of rows; CSV without a header")
    add("--output", metavar="S3", required=True, help="the folder for the answers: FILE.out for each FILE")
    arguments.endpoint(parser)
    add("--content-type", choices=CONTENT_TYPES, default=CSV, help=f"of input and answers (default {CSV})")
    add("--instances", metavar="N", type=_count, default=1, help="machines that share the files (default 1)")
    add("--instance-type", metavar="TYPE", default="", help="their type (default: the endpoint's)")


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text} is no number of machines from 1 to 100")
    return int(text)


def _work(args: argparse.Namespace, out: Out) -> int:
    order = Order(args.input, args.output, args.content_type, args.instances, args.instance_type)
    with out.waiting(f"scoring {args.input} with what is live in {args.stage}"):
        found = score(connect(out.tell), args.stage, args.endpoint, order, out.tell)
    words = f"{found.rows} rows of {len(found.files)} files scored with {found.release}: {found.output}"
    lines = [f"  {file.rows:>10} rows  {file.answers}" for file in found.files]
    out.result({**asdict(found), "rows": found.rows}, f"[green]✓[/green] {words}", *lines)
    return 0


COMMAND = Command(
    name="score",
    summary="Score files in S3 with what is live in a stage, on machines of their own; joined to their rows.",
    example="./slipway score prod --input s3://BUCKET/batch/flights/ --output s3://BUCKET/batch/scores/2026-11",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
