"""What `promote --propose` leaves: the text of the pull request, and the commands that open it."""

import shlex
from dataclasses import asdict
from pathlib import Path

from rich.markup import escape

from release.domain.proposal import Proposal
from scripts.shared.cli import Out


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
