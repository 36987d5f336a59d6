"""What a monitoring came to, in words and as values."""

from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Table

from monitoring.operations.monitor import Monitored
from monitoring.operations.scheduled import Scheduled
from monitoring.operations.whole import Whole
from scripts.shared import measured
from scripts.shared.noticed import noticed

SHOWN = 24
"""Hours that are shown one by one: the last ones."""
EFFECTS = 12
"""Effects that are shown: the largest ones."""
HELD, UNREACHED = 3, 4


def exit_code(found: Whole | Scheduled) -> int:
    """What a look ends with: whether a person has to look comes before whether it is to be begun again."""
    if found.needs_a_person:
        return HELD
    return UNREACHED if found.interrupted else 0


def hours_table(found: Monitored) -> Table:
    """The hours that were read."""
    table = Table(box=None, pad_edge=False)
    for title in ("hour (UTC)", "variant", "release", "requests", "rows", "set aside"):
        table.add_column(title)
    counts = [counted for record in found.read[-SHOWN:] for counted in record.counts]
    for counted in counts:
        aside = "; ".join(f"{cause}: {count:,}" for cause, count in counted.troubles.items())
        cells = (f"{counted.hour:%Y-%m-%d %H}h", counted.variant, counted.release)
        numbers = (f"{counted.requests:,}", f"{counted.rows:,}")
        table.add_row(*map(escape, cells), *numbers, f"[yellow]{escape(aside)}[/yellow]")
    return table


def effects_table(found: Monitored) -> Table:
    """How far each column has come from the reference, over the longest window that is full."""
    table = Table(box=None, pad_edge=False)
    decision = found.deciding.decision
    effects = sorted(decision.effects, key=lambda one: -one.beyond) if decision else []
    if effects:
        for title in ("column", "what", "of rows", "usual", "now", "of the threshold", "days"):
            table.add_column(title)
    for one in effects[:EFFECTS]:
        cells = (f"{one.usual:.1%}", f"{one.usual + one.moved:.1%}", f"{one.beyond:.0%}", f"{one.days}")
        style = "yellow" if one.beyond >= 1 else None
        table.add_row(escape(one.column), one.aspect, escape(one.label), *cells, style=style)
    return table


def retrain(looked: Whole) -> list[str]:
    """The arguments of the retrain that a finding asks for now; none where none does."""
    kept = looked.asks.kept
    if kept is None or looked.asks.not_now:
        return []
    return [looked.hours.stage, "--endpoint", looked.hours.endpoint, "--finding", kept.id]


def words(looked: Whole) -> list[str]:
    """What there is to say of it."""
    found = looked.hours
    where = f"{found.endpoint} in {found.stage}"
    rows = sum(record.rows for record in found.read)
    said = [f"{len(found.read)} hours of {where} read, up to {found.until:%Y-%m-%d %H}h: {rows:,} rows"]
    if own := sum(record.own for record in found.read):
        said.append(f"[dim]{own:,} answers to golden requests and ./slipway invoke are not counted[/dim]")
    if not found.read:
        said.append(f"[dim]the next hour is complete at {found.next_at:%H:%M} UTC[/dim]")
    if found.deciding.silent:
        said.append(_warning("no row was captured for a day: nothing was judged, so this is no health"))
    if aside := sum(sum(record.troubles.values()) for record in found.read):
        said.append(_warning(f"{aside:,} records say nothing, and were set aside"))
    said += [
        _warning(
            f"{len(files)} files came late for {hour:%Y-%m-%dT%H}: ./slipway monitor {found.stage} "
            f"--endpoint {found.endpoint} --late"
        )
        for hour, files in sorted(found.late.items())
    ]
    said += [noticed(one, looked.told.dismissed) for one in found.deciding.standing]
    if found.gap:
        hour = f"{found.gap:%Y-%m-%dT%H}"
        said.append(
            _warning(f"{hour} was not read, so no hour from there on is decided: read it, without --since")
        )
    decision = found.deciding.decision
    if decision and decision.effects and not (found.blind or found.deciding.standing):
        said.append(f"[green]✓[/green] no finding in {decision.effects[0].days} days of {where}")
    said += [f"[dim]not known: {escape(one)}[/dim]" for one in found.deciding.unknown]
    said += measured.words(looked.quality, looked.told.dismissed) if looked.quality else []
    if looked.unmeasured:
        said.append(_warning(f"quality was not measured: {looked.unmeasured}"))
    said += [_warning(f"{whom}: {why}") for whom, why in looked.told.failed.items()]
    return said + _next(looked)


def _next(looked: Whole) -> list[str]:
    kept = looked.asks.kept
    if kept is None:
        return []
    if command := retrain(looked):
        return [f"{kept.id} asks for a retrain: ./slipway retrain {escape(' '.join(command))}"]
    return [f"{kept.id} asks for a retrain, and not now: {escape(looked.asks.not_now)}"]


def _warning(text: str) -> str:
    return f"[yellow]! {escape(text)}[/yellow]"


def values(looked: Whole) -> dict[str, Any]:
    """It as JSON can have it."""
    found, asks = looked.hours, looked.asks
    decision = found.deciding.decision
    return {
        "stage": found.stage,
        "endpoint": found.endpoint,
        "release": found.release,
        "until": found.until.isoformat(),
        "next_at": found.next_at.isoformat(),
        "hours": [
            {
                "hour": record.hour.isoformat(),
                "rows": record.rows,
                "own": record.own,
                "troubles": record.troubles,
                "quarantine": record.quarantine,
                "counts": [asdict(counted) for counted in record.counts],
            }
            for record in found.read
        ],
        "elsewhere": [hour.isoformat() for hour in found.elsewhere],
        "decided_hours": found.deciding.hours,
        "silent": found.deciding.silent,
        "gap": found.gap.isoformat() if found.gap else None,
        "findings": [one.model_dump(mode="json") | {"id": one.id} for one in found.deciding.standing],
        "effects": [asdict(one) for one in decision.effects] if decision else [],
        "unknown": list(found.deciding.unknown),
        "quality": measured.values(looked.quality) if looked.quality else None,
        "unmeasured": looked.unmeasured,
        "told": looked.told.notices,
        "dismissed": [one.id for one in looked.noticed if one.id in looked.told.dismissed],
        "asks": {"finding": asks.kept.id, "not_now": asks.not_now} if asks.kept else None,
        "late": {hour.isoformat(): list(files) for hour, files in found.late.items()},
    }
