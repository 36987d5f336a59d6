"""What a monitoring came to, in words and as values."""

from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Table

from monitoring.operations.monitor import Monitored

SHOWN = 24
"""Hours that are shown one by one: the last ones."""


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


def words(found: Monitored) -> list[str]:
    """What there is to say of them."""
    where = f"{found.endpoint} in {found.stage}"
    rows = sum(record.rows for record in found.read)
    said = [f"{len(found.read)} hours of {where} read, up to {found.until:%Y-%m-%d %H}h: {rows:,} rows"]
    if found.read and not rows:
        said.append("[yellow]! nothing was captured: that says nothing of the model[/yellow]")
    if aside := sum(sum(record.troubles.values()) for record in found.read):
        said.append(f"[yellow]! {aside:,} records say nothing, and were set aside[/yellow]")
    said += [
        f"[yellow]! {len(files)} files came late for {hour:%Y-%m-%dT%H}[/yellow]: ./slipway monitor "
        f"{found.stage} --endpoint {found.endpoint} --late"
        for hour, files in sorted(found.late.items())
    ]
    return said


def needs_a_person(found: Monitored) -> bool:
    """Whether somebody has to look: hours without any record, or records that say nothing."""
    silent = bool(found.read) and not any(record.rows for record in found.read)
    return silent or any(record.troubles for record in found.read)


def values(found: Monitored) -> dict[str, Any]:
    """It as JSON can have it."""
    return {
        "stage": found.stage,
        "endpoint": found.endpoint,
        "release": found.release,
        "until": found.until.isoformat(),
        "hours": [
            {
                "hour": record.hour.isoformat(),
                "rows": record.rows,
                "troubles": record.troubles,
                "quarantine": record.quarantine,
                "counts": [asdict(counted) for counted in record.counts],
            }
            for record in found.read
        ],
        "elsewhere": [hour.isoformat() for hour in found.elsewhere],
        "late": {hour.isoformat(): list(files) for hour, files in found.late.items()},
    }
