"""Findings in words, for the commands that show them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from monitoring import connect as monitoring
from monitoring.alerts import events
from monitoring.alerts.kept import Kept
from monitoring.operations import answers
from monitoring.operations.telling import Room, Told
from release.domain.errors import SlipwayError
from release.ports import World
from scripts.shared.cli import Out

if TYPE_CHECKING:
    from release.operations.status import EndpointStatus  # loads numpy, which findings do not need

NOBODY = "no open finding of {} asks for a retrain"


def about(kept: Kept) -> str:
    """What it is about, as rich markup."""
    return escape(f"{kept.finding.kind} of {kept.finding.subject} at {kept.finding.endpoint}")


def table(found: Sequence[Kept]) -> Table:
    """Findings, one a line, and under it what it says and how it was closed."""
    shown = Table(box=None, pad_edge=False)
    for title in (
        "finding",
        "opened (UTC)",
        "release",
        "endpoint",
        "what",
        "severity",
        "seen",
        "what it says",
    ):
        shown.add_column(title)
    for kept in found:
        finding, closed = kept.finding, kept.closed
        what = escape(f"{finding.kind} of {finding.subject}")
        style = "red" if finding.severity == "critical" and closed is None else ""
        severity = f"[{style}]{finding.severity}[/{style}]" if style else finding.severity
        release, opened = finding.release or "-", f"{kept.opened:%Y-%m-%d %H:%M}"
        seen = (str(kept.seen), escape(finding.summary))
        shown.add_row(kept.id, opened, release, finding.endpoint, what, severity, *seen)
        for text in _more(kept):
            shown.add_row("", *[""] * 6, f"[dim]{escape(text)}[/dim]")
    return shown


def asking(stage: str, name: str, out: Out) -> bytes | None:
    """The event of a stage's finding (empty: the oldest for which it wants a retrain now).

    None where there is none, which `out` then has answered.
    """
    found = monitoring.room(out.tell, stage)
    if name:
        return _event(found, found.findings.of(name))
    asks = answers.asking(found.ports, found.findings)
    if asks.kept and not asks.not_now:
        return _event(found, asks.kept)
    words = NOBODY.format(stage)
    if asks.kept:
        words = f"{asks.kept.id} asks for a retrain, and not now: {escape(asks.not_now)}"
    out.result({"stage": stage, "asks": asks.kept and asks.kept.id, "not_now": asks.not_now}, words)
    return None


def _event(found: Room, kept: Kept) -> bytes:
    return json.dumps(events.event_of(found.ports.settings, kept).envelope()).encode()


def beside(world: World, lines: "Sequence[EndpointStatus]") -> "list[EndpointStatus]":
    """What is live where, each with a note of the findings that are open there."""
    stages = dict.fromkeys(line.stage for line in lines if line.provisioned)
    notes = {stage: _open(world, stage) for stage in stages}
    return [replace(line, notes=[*line.notes, *_note(line, notes.get(line.stage, []))]) for line in lines]


def _open(world: World, stage: str) -> Sequence[Kept] | str:
    """A stage's open findings, or why nobody can tell."""
    try:
        return monitoring.findings(world.stage(stage)).open()
    except SlipwayError as error:
        return error.cause


def _note(line: "EndpointStatus", found: Sequence[Kept] | str) -> list[str]:
    if isinstance(found, str):
        return [f"what monitoring noticed cannot be read: {found}"]
    here = [kept.finding.severity for kept in found if kept.finding.endpoint == line.endpoint]
    if not here:
        return []
    critical = f", {here.count('critical')} critical" if "critical" in here else ""
    many = "finding is" if len(here) == 1 else "findings are"
    return [f"{len(here)} {many} open{critical}: ./slipway findings {line.stage}"]


def values(kept: Kept) -> dict[str, Any]:
    """It as JSON can have it."""
    return {"id": kept.id, "open": kept.is_open, **kept.model_dump(mode="json", exclude={"notices"})}


def of_telling(told: Told) -> dict[str, Any]:
    """A run of telling as JSON can have it; findings by their ids."""
    return {
        **vars(told),
        "closed": [kept.id for kept in told.closed],
        "dismissed": sorted(told.dismissed),
    }


def _more(kept: Kept) -> Sequence[str]:
    answers = [
        f"retrain {one.retrain}: {one.outcome}" + (f" ({'; '.join(one.reasons)})" if one.reasons else "")
        for one in kept.answers
    ]
    if kept.closed is None:
        return answers
    closed = kept.closed
    return [*answers, f"closed {closed.at:%Y-%m-%d %H:%M} by {closed.by} {closed.who}: {closed.reason}"]
