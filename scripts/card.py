"""`./slipway card RELEASE`: the model card and data sheet of a release, by its evidence alone."""

import argparse
from pathlib import Path

from rich.markup import escape

from release.connect import connect
from release.operations.card import card
from scripts.shared.cli import Command, Out, run


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("release", metavar="RELEASE", help="its id, as status and history tell it")
    add("--html", metavar="FILE", type=Path, help="write the page there (default: Markdown on stdout)")
    add("--markdown", metavar="FILE", type=Path, help="write the Markdown there")


def _work(args: argparse.Namespace, out: Out) -> int:
    made = card(connect(out.tell), args.release, out.tell)
    written = []
    for file, text in ((args.html, made.html), (args.markdown, made.markdown)):
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            written.append(str(file))
    value = {
        "release": made.card.release,
        "service": made.card.service,
        "failed_gates": list(made.card.failed),
        "stages": list(made.stages),
        "unread": list(made.unread),
        "files": written,
    }
    if not written and not args.json:
        out.markdown(made.markdown)
        return 0
    told = value if written else {**value, "markdown": made.markdown}
    out.result(told, f"Model card of {made.card.release}", *(f"  {escape(file)}" for file in written))
    return 0


COMMAND = Command(
    name="card",
    summary="The model card and data sheet of a release: one page that loads nothing, or Markdown.",
    example="./slipway card 7f9ae170c5b5 --html card.html",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
