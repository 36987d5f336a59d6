"""docs/replay.md and its plot from a replay's JSON; no figure on that page is typed by hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import markdown
from bench.monitoring.replay import report

HEAD = """# September to December, replayed

Written by `make replay ARGS=--docs`; do not edit. How it is done stands in
[monitoring.md](monitoring.md#replay). A gap is mean score less base rate; the release's gate allowed .05."""
MONTHS = "## Month by month"
FINDINGS = """## What alarmed

Each finding once, on the day at whose end a look first told it; labels are waited for two days."""
MODELS = """## What retraining would have brought

Models trained on what was known before a month, on that month's flights, beside the live one; AUC with one
standard error."""
KINDS = ("quality", "drift", "schema", "volume", "capture")


def write(found: Mapping[str, Any], docs: Path) -> None:
    """Write the page and its plot."""
    (docs / "plots").mkdir(parents=True, exist_ok=True)
    (docs / "plots" / "replay.svg").write_text(report.drawn(found), encoding="utf-8")
    (docs / "replay.md").write_text(_page(found), encoding="utf-8")


def _page(found: Mapping[str, Any]) -> str:
    noticed = sorted(found["noticed"], key=lambda one: (one["told"], one["kind"], one["subject"]))
    parts = [
        HEAD,
        "![gap by day, findings, and models of other months](plots/replay.svg)",
        MONTHS,
        markdown.table(
            ("month", "labelled", "corrected", "base rate", "gap", "AUC", "weeks beyond .05", *KINDS[:2]),
            [_month(month, noticed) for month in found["months"]],
        ),
        FINDINGS,
        markdown.table(
            ("told", "kind", "finding"), [(one["told"], one["kind"], one["summary"]) for one in noticed]
        ),
        MODELS,
        markdown.table(
            ("month", "trained on", "AUC", "beside live", "gap"), [_model(one) for one in found["retraining"]]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _month(month: Mapping[str, Any], noticed: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    beyond, weeks = month["weeks_beyond"]
    new = [one["kind"] for one in noticed if int(one["told"][5:7]) == month["month"]]
    return (
        report.NAMES[month["month"]],
        f"{month['labelled']:,}",
        f"{month['corrected']:,}",
        f"{month['base_rate']:.3f}",
        f"{month['gap']:+.3f}",
        f"{month['auc']:.3f}",
        f"{beyond} of {weeks}",
        *(f"{new.count(kind)} new" if kind in new else "nothing new" for kind in KINDS[:2]),
    )


def _model(one: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        report.NAMES[one["month"]],
        f"{one['window']} ({one['first']}-{one['last']})",
        f"{one['auc']:.3f}",
        f"{one['gain']:+.3f} ± {one['error']:.3f}",
        f"{one['gap']:+.3f}",
    )
