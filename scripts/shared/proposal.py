"""A promotion as a pull request: its arguments of `promote`, what a proposal leaves, and what was brought."""

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.markup import escape

from release.domain.errors import UsageError
from release.domain.proposal import Proposal
from release.operations.land import Landed
from scripts.shared.cli import Out
from scripts.shared.words import landed


def arguments(parser: argparse.ArgumentParser) -> None:
    """`--propose`, `--body FILE` and `--merged`."""
    add = parser.add_argument
    add("--propose", action="store_true", help="put it into a branch for a pull request; nothing moves")
    add("--body", metavar="FILE", type=Path, help="with --propose: the pull request's text")
    add("--merged", action="store_true", help="roll out what was proposed and merged, if anything was")


def refuse(args: argparse.Namespace, named: bool) -> None:
    """Raise UsageError where what is merged would be told otherwise, as by a release that is `named`."""
    others = (args.propose, args.body, args.skip, args.reason, args.strategy, len(args.stages) > 1, named)
    if args.merged and any(others):
        raise UsageError(
            "--merged takes the stage and --endpoint alone: all else is in what was merged.",
            "Nothing was changed.",
            f"Say: ./slipway promote {args.stages[-1]} --merged",
        )


def text_of(found: Proposal, build: Path) -> Path:
    """Where the text lies in the folder `build`, unless somebody says where."""
    return build / f"proposal-{found.stage}-{found.endpoint}.md"


def leave(out: Out, found: Proposal, body: Path) -> None:
    """Write the text to `body`, and say what comes next."""
    lines = words(found, body)
    out.result(asdict(found) | {"file": str(body)}, *lines)


def words(found: Proposal, body: Path) -> list[str]:
    """What comes next, in lines; the text is in `body` then."""
    body.parent.mkdir(parents=True, exist_ok=True)
    body.write_text(found.body, encoding="utf-8")
    lines = [f"[green]✓[/green] {escape(found.title)}: proposed, and nothing has moved", f"its text: {body}"]
    if not found.commit:
        return [*lines, escape(found.diff)]
    title, file = shlex.quote(found.title), shlex.quote(str(body))
    return [
        *lines,
        f"  git push -u origin {found.branch}",
        escape(f"  gh pr create --head {found.branch} --title {title} --body-file {file}"),
        f"once it is merged: ./slipway promote {found.stage} --merged",
    ]


def brought(out: Out, stage: str, results: Sequence[Landed]) -> None:
    """Say what became of what was merged."""
    nothing = [] if results else [f"[green]✓[/green] nothing is proposed in {stage}"]
    out.result({"landed": [asdict(one) for one in results]}, *nothing, *map(landed, results))
