"""`./slipway update`: newer requirements for the image, tried beside the present ones before they are kept.

It shows what the lock would change, builds both images, sends both the same requests and the same load, and
says whether speed, size or predictions moved. The repository changes with --apply alone, and not at all when
the update is refused.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.table import Table

from demo.project import ROOT
from measuring.wrk import generator
from model.image.build import BuildOptions, BuiltImage, build_image
from model.image.record import record
from release.domain.errors import UsageError
from scripts.image_update.lock import SERVING, Proposal, apply, find_uv, propose
from scripts.image_update.trial import Measured, compare, read_model
from scripts.image_update.verdict import Finding, State, judge
from scripts.shared import stages
from scripts.shared.cli import Command, Out, run

CACHE = ROOT / ".build" / "image"
FILES = ("model.tar.gz", "golden.json")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--apply", action="store_true", help="keep the newer lock when nothing speaks against"
    )
    parser.add_argument(
        "--package",
        action="append",
        default=[],
        metavar="NAME",
        help="update this one only (may be repeated)",
    )
    parser.add_argument(
        "--model", type=Path, help="what training left (default .build/model, trained if none)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each image is measured (default 3)")
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="of load for each case and round (default 3)"
    )


def _work(args: argparse.Namespace, out: Out) -> int:
    uv = find_uv(ROOT)
    with tempfile.TemporaryDirectory(prefix="slipway-update-") as name:
        work = Path(name)
        with out.waiting("Asking the index for newer versions"):
            proposal = propose(ROOT, uv, args.package, work / "lock")
        if not proposal.changes:
            out.result(
                {"changes": [], "applied": False}, "Nothing to update: the lock is the newest that fits."
            )
            return 0
        for change in proposal.changes:
            out.note(str(change))
        findings, measured = _tried(args, proposal, uv, work, out)
    against = [finding for finding in findings if finding.state in (State.REFUSED, State.UNCLEAR)]
    files = apply(ROOT, uv, proposal) if args.apply and not against else ()
    value = {
        "changes": [change.record() for change in proposal.changes],
        "findings": [finding.record() for finding in findings],
        "before": measured[0].record(),
        "after": measured[1].record(),
        "load": generator(),
        "applied": bool(files),
        "files": [str(path) for path in files],
    }
    out.table(_table(findings))
    out.result(value, *_told(proposal, against, files))
    return _exit_code(against)


def _exit_code(against: list[Finding]) -> int:
    """1: the update is worse; 3: a person has to look, because the measurement cannot tell."""
    if any(finding.state is State.REFUSED for finding in against):
        return 1
    return 3 if against else 0


def _tried(
    args: argparse.Namespace, proposal: Proposal, uv: Path, work: Path, out: Out
) -> tuple[list[Finding], tuple[Measured, Measured]]:
    model = read_model(_trained(args.model, out), work)
    present, newer = work / "present" / SERVING, work / "newer" / SERVING
    shutil.copytree(ROOT / SERVING, present, ignore=shutil.ignore_patterns("__pycache__"))
    # of the copy, so that an edit in the meantime is in both images or in none
    shutil.copytree(present, newer)
    (newer / "requirements.in").write_text(proposal.requirements, encoding="utf-8")
    (newer / "requirements.txt").write_text(proposal.lock, encoding="utf-8")
    images = tuple(_image(folder, uv, out) for folder in (present, newer))
    out.step(f"same requests and same load for both, {args.rounds} rounds; load by {generator()}")
    measured = compare((images[0], images[1]), model, args.rounds, args.seconds, out.note)
    records = (record(images[0]), record(images[1]))
    return judge(records, measured, model.golden.tolerance), measured


def _image(serving: Path, uv: Path, out: Out) -> BuiltImage:
    out.step(f"building the image of {serving}")
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return build_image(BuildOptions(cache=CACHE, python=python, serving=serving, uv=uv), out.note)


def _trained(folder: Path | None, out: Out) -> Path:
    """What training left; it trains where there is nothing. Raises UsageError when that does not help."""
    project = stages.project()
    wanted = folder or project / ".build" / "model"
    if all((wanted / name).is_file() for name in FILES):
        return wanted
    out.step(f"training a model into {wanted}, because there is none")
    command = [ROOT / "slipway", "train", "--out", wanted, "--json"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    if done.returncode not in (0, 1) or not all((wanted / name).is_file() for name in FILES):
        raise UsageError(
            f"There is no trained model in {wanted}, and ./slipway train ended with {done.returncode}.",
            "The requirements are as they were.",
            "Run ./slipway train, and put right what it says.",
        )
    return wanted


def _table(findings: list[Finding]) -> Table:
    table = Table("compared", "", "before -> after", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(finding.what, finding.state, finding.text)
    return table


def _told(proposal: Proposal, against: list[Finding], files: tuple[Path, ...]) -> list[str]:
    lines = [f"lock: {change}" for change in proposal.changes]
    names = ", ".join(finding.what for finding in against)
    if _exit_code(against) == 1:
        return [*lines, f"[red]refused[/red] because of {names}; the requirements are as they were."]
    if against:
        return [
            *lines,
            f"[yellow]held[/yellow]: too noisy to tell {names}; the requirements are as they were.",
            "Run it again with more --rounds and --seconds, on a machine that does nothing else.",
        ]
    if files:
        changed = " ".join(str(path) for path in files)
        return [*lines, f"[green]kept[/green] in {changed}", "Then: make setup && make test, and commit."]
    return [*lines, "[green]nothing speaks against it[/green]; keep it: ./slipway update --apply"]


COMMAND = Command(
    name="update",
    summary="Try newer requirements for the image: do speed, size or predictions move?",
    example="./slipway update --package onnxruntime --rounds 5",
    work=_work,
    arguments=_arguments,
)

if __name__ == "__main__":
    run(COMMAND)
