"""What is measured of a live release's quality, in words and as values."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from rich.markup import escape

from monitoring.operations.quality import Told
from monitoring.quality import wording
from monitoring.quality.known import Known
from scripts.shared.noticed import noticed


def words(told: Told, dismissed: Collection[str]) -> list[str]:
    """What there is to say of it; `dismissed` are the ids of findings that a person closed."""
    lines = [escape(line) for line in wording.lines(told.quality)]
    lines += [f"  [yellow]{count:,}[/yellow] {cause}" for cause, count in told.troubles.items()]
    lines += [f"  {told.waiting:,} labels wait for their row"] if told.waiting else []
    if told.repeats:
        lines.append(f"  [yellow]repeats[/yellow] of {escape(', '.join(told.repeats))}")
    lines += [noticed(one, dismissed) for one in told.quality.findings]
    if told.known is Known.WELL:
        days = told.quality.judged
        lines.append(f"[green]✓[/green] {told.known} in {len(days)} judged days, up to {days[-1]}")
    elif told.known is Known.EARLY:
        lines += [f"[dim]not known: {escape(one)}[/dim]" for one in told.why]
    else:
        lines += [f"[yellow]! not judged: {escape(one)}[/yellow]" for one in told.why]
    return lines


def values(told: Told) -> dict[str, Any]:
    """It as JSON can have it."""
    value = asdict(told)
    value["quality"]["findings"] = [one.model_dump(mode="json") for one in told.quality.findings]
    for one in (value["quality"]["calibration"], *value["quality"]["slices"]):
        if one:
            one.pop("finding")
    return value
