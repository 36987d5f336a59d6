"""What asks for a retrain, and what it came to in words for people."""

import sys
from collections.abc import Iterator
from pathlib import Path

from rich.markup import escape

from release.domain.errors import UsageError
from release.operations.retrain import Retrained
from scripts.shared import proposal
from scripts.shared.cli import Out


def event(name: str) -> bytes:
    """What lies in the file of this name (- for stdin). Raises UsageError where it cannot be read."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(
            f"The event cannot be read: {error}", "Nothing was begun.", "Name its file: --event FILE"
        ) from error


def unasked(stage: str, finding: str | None, why: str, out: Out) -> int:
    """An event that asks for nothing is told, and nothing is wrong. Raises UsageError where a person named
    the finding: that one is wanted, and cannot ask."""
    if finding:
        raise UsageError(
            why, "Nothing was begun.", f"Say why yourself: ./slipway retrain {stage} --because '…'"
        )
    out.result({"stage": stage, "asks": None, "why": why}, escape(why), "nothing was begun")
    return 0


def words(result: Retrained, build: Path) -> Iterator[str]:
    """Its lines; the text of a proposal goes into the folder `build`."""
    if result.outcome == "worse":
        yield f"[red]refused[/red] what learned from {result.learns}: it fails {', '.join(result.failed)}."
        yield f"{result.champion} stays live in {result.stage}; nothing was released."
        return
    yield f"[green]✓[/green] {result.release}, from {result.learns}, is live in {result.at}, verified."
    if result.proposal:
        yield from proposal.words(result.proposal, proposal.text_of(result.proposal, build))
    for reason in result.reasons:
        yield f"[yellow]It went no further:[/yellow] {escape(reason)}"
    if result.next_step:
        yield escape(result.next_step)
