"""`./slipway report STAGE`: what a rollout came to, and why: a page to open, or Markdown for a review."""

import argparse
from pathlib import Path

from rich.markup import escape

from release.connect import connect
from release.operations.report import report
from release.report.words import headline
from scripts.shared import arguments
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stage", metavar="STAGE")
    add("--rollout", metavar="ID", help="which one, as the ledger names it (default: the newest)")
    add("--out", metavar="FILE", type=Path, help="where to write it (default: .build/reports/STAGE-ID.html)")
    add("--markdown", action="store_true", help="as Markdown, on stdout without --out")
    add("--keep", action="store_true", help="store page and Markdown beside the rollout's evidence too")
    arguments.endpoint(parser)


def _work(args: argparse.Namespace, out: Out) -> int:
    world = connect(out.tell)
    made = report(world, args.stage, args.rollout, args.endpoint, args.keep)
    found, text = made.report, made.markdown if args.markdown else made.html
    file = args.out
    if file is None and not args.markdown:
        file = world.build / "reports" / f"{found.stage}-{found.rollout}.html"
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    value = {
        "stage": found.stage,
        "endpoint": found.endpoint,
        "release": found.release,
        "rollout": found.rollout,
        "outcome": found.outcome,
        "reason": found.reason,
        "file": None if file is None else str(file),
        "kept": made.kept,
    }
    if args.markdown:
        value["markdown"] = made.markdown
    if file is None and not args.json:
        (out.markdown if args.markdown else out.text)(text)
    else:
        out.result(value, headline(found), f"  {escape(str(file))}")
    for uri in made.kept:
        out.note(f"kept: {uri}")
    return 0


COMMAND = Command(
    name="report",
    summary="What a rollout came to, and why: one page that loads nothing, or Markdown for a pull request.",
    example="./slipway report prod\n  ./slipway report prod --rollout 4f1c02ab9e77 --markdown",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
