"""A finding that holds, in words: whether somebody has to look, or a person said that nobody has."""

from collections.abc import Collection

from rich.markup import escape

from monitoring.finding import Finding


def noticed(finding: Finding, dismissed: Collection[str]) -> str:
    """As rich markup; `dismissed` are the ids of findings that a person closed."""
    what, said = escape(f"{finding.kind} {finding.subject}"), escape(finding.summary)
    if finding.id in dismissed:
        return f"[dim]{what}: {said} A person closed {finding.id}.[/dim]"
    return f"[yellow]! {what}[/yellow]: {said}"
