"""`./slipway update`: newer requirements for the image, tried beside the present ones before they are kept.

What is tried, and what is decided from it, is `model.image.update`'s.
"""

import argparse
from pathlib import Path

from rich.table import Table

from demo.project import ROOT
from model.image.update.attempt import Decision, Places, Wanted, attempt
from model.image.update.lock import find_uv
from release import connect
from scripts.shared.cli import Command, Out, run

CACHE = ROOT / ".build" / "image"
EXIT_CODES = {Decision.REFUSED: 1, Decision.UNCLEAR: 3}
TOLD = {
    Decision.NOTHING: "Nothing to update: the lock is the newest that fits.",
    Decision.REFUSED: "[red]refused[/red] because of {against}; the requirements are as they were.",
    Decision.UNCLEAR: "[yellow]unclear[/yellow]: too noisy to tell {against}; nothing was changed."
    "\nRun it again with more --rounds and --seconds, on a machine that does nothing else.",
    Decision.GOOD: "[green]nothing speaks against it[/green]; keep it: ./slipway update --apply",
    Decision.KEPT: "[green]kept[/green] in {files}\nThen: make setup && make test, and commit.",
}


def _arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--apply", action="store_true", help="keep the newer lock when nothing speaks against")
    add("--package", action="append", default=[], metavar="NAME", help="update only this (may be repeated)")
    add("--model", type=Path, help="what training left (default .build/model, trained if none)")
    add("--rounds", type=int, default=3, help="how often each image is measured (default 3)")
    add("--seconds", type=float, default=3.0, help="of load for each case and round (default 3)")


def _work(args: argparse.Namespace, out: Out) -> int:
    project = connect.folder()
    model = args.model or project / ".build" / "model"
    wanted = Wanted(tuple(args.package), args.rounds, args.seconds, keep=args.apply)
    outcome = attempt(wanted, Places(ROOT, project, model, CACHE, find_uv(ROOT)), out.step, out.note)
    table = Table("compared", "", "before -> after", box=None, pad_edge=False)
    for finding in outcome.findings:
        table.add_row(finding.what, finding.state, finding.text)
    if outcome.findings:
        out.table(table)
    against, files = ", ".join(each.what for each in outcome.against), " ".join(map(str, outcome.files))
    told = TOLD[outcome.decision].format(against=against, files=files)
    out.result(outcome.summary(), *(f"lock: {change}" for change in outcome.changes), told)
    return EXIT_CODES.get(outcome.decision, 0)


COMMAND = Command(
    name="update",
    summary="Try newer requirements for the image: do speed, size or predictions move?",
    example="./slipway update --package onnxruntime --rounds 5",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
