"""What a retrain came to, in words for people."""

from collections.abc import Iterator
from pathlib import Path

from rich.markup import escape

from release.operations.retrain import Retrained
from scripts.shared import proposal


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
