"""What a replay came to: JSON values, lines for people, and one page with plots that loads nothing."""

import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from bench import plots
from bench.monitoring.replay.days import Looks, Noticed
from bench.monitoring.replay.retraining import Retrained
from monitoring.quality import measures
from monitoring.quality.days import Day

PAGE, DATA = "replay.html", "replay.json"
NAMES = {8: "August", 9: "September", 10: "October", 11: "November", 12: "December"}
WEEKLY = 0.05
"""The weekly threshold that stands beside: of the mean score less base rate."""
DIGITS = 6
"""Figures are told so precisely: beyond it the order of sums shows."""


def told(looks: Looks, models: Sequence[Retrained]) -> dict[str, Any]:
    """All that is told, without anything that differs from run to run (ids, times of today)."""
    by_day = sorted((day for day in looks.days if day.labelled), key=lambda day: day.day)
    return {
        "days": [
            {"day": str(day.day), "labelled": day.labelled, "gap": _round(day.gap), "base_rate": _rate(day)}
            for day in by_day
        ],
        "months": [_month(month, looks, by_day) for month in sorted({day.day.month for day in by_day})],
        "noticed": [
            _noticed(one) for one in sorted(looks.noticed, key=lambda one: (one.told, one.finding.subject))
        ],
        "labels": {
            "files": looks.last.files,
            "labels": looks.last.labels,
            "waiting": looks.last.waiting,
            "troubles": dict(looks.last.troubles),
        },
        "retraining": [{k: _round(v) for k, v in asdict(one).items()} for one in models],
    }


def _month(month: int, looks: Looks, by_day: Sequence[Day]) -> dict[str, Any]:
    days = [day for day in by_day if day.day.month == month]
    quality = looks.month_ends[month].quality
    auc = measures.auc(days)
    weeks = [_gap(days[start : start + 7]) for start in range(0, len(days) - 6, 7)]
    bound = quality.calibration.bound if quality.calibration else None
    return {
        "month": month,
        "labelled": sum(day.labelled for day in days),
        "corrected": sum(day.corrected for day in days),
        "base_rate": _round(sum(day.truths for day in days) / sum(day.labelled for day in days)),
        "gap": _round(_gap(days)),
        "auc": _round(auc.value),
        "auc_error": _round(auc.error),
        "bound_since_live": [_round(bound.low), _round(bound.high)] if bound else None,
        "weeks_beyond": [sum(abs(gap) > WEEKLY for gap in weeks), len(weeks)],
        "alarmed": [
            _noticed(one) for one in looks.noticed if one.told.month == month and one.told <= days[-1].day
        ],
    }


def _gap(days: Sequence[Day]) -> float:
    return sum(day.scores - day.truths for day in days) / sum(day.labelled for day in days)


def _rate(day: Day) -> float | None:
    return _round(day.truths / day.labelled)


def _noticed(one: Noticed) -> dict[str, Any]:
    finding = one.finding
    return {
        "told": str(one.told),
        "kind": finding.kind,
        "subject": finding.subject,
        "since": str(finding.since.date()),
        "summary": finding.summary,
    }


def _round(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, DIGITS) if math.isfinite(value) else None


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The months in a line each, and what retraining would have brought."""
    for month in found["months"]:
        beyond, weeks = month["weeks_beyond"]
        yield (
            f"{NAMES[month['month']]}: {month['labelled']:,} flights, gap {month['gap']:+.3f}, "
            f"AUC {month['auc']:.3f}; {beyond} of {weeks} weeks beyond {WEEKLY:g}"
        )
        for one in month["alarmed"]:
            yield f"  {one['told']} {one['kind']}: {escape(one['summary'], quote=False)}"
        if not month["alarmed"]:
            yield "  nothing new alarmed"
    for one in found["retraining"]:
        yield (
            f"{NAMES[one['month']]}, trained on {one['window']} ({one['first']}-{one['last']}): "
            f"AUC {one['auc']:.3f}, {one['gain']:+.3f} ± {one['error']:.3f} beside live; "
            f"gap {one['gap']:+.3f}"
        )


def write(found: Mapping[str, Any], folder: Path) -> None:
    """Write the page and the JSON into a folder: the same bytes from the same values."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DATA).write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (folder / PAGE).write_text(page(found), encoding="utf-8")


def page(found: Mapping[str, Any]) -> str:
    """One page that loads nothing."""
    parts = [
        "<!doctype html><meta charset=utf-8><title>Replay</title>",
        "<style>body{font:15px/1.5 system-ui;max-width:64em;margin:2em auto;padding:0 1em}",
        "table{border-collapse:collapse} td,th{text-align:left;padding:.2em .8em;",
        "border-bottom:1px solid #ccc;vertical-align:top}svg{max-width:100%;height:auto}</style>",
        "<h1>September to December, replayed</h1>",
        "<p>Real requests to a live endpoint; rows stand in the time of their flights, labels came late. ",
        "A gap is mean score less base rate.</p>",
        drawn(found),
        "<h2>Month by month</h2>",
        _table(_HEAD, [_cells(month) for month in found["months"]]),
    ]
    if found["retraining"]:
        rows = [_model(one) for one in found["retraining"]]
        parts += ["<h2>What retraining would have brought</h2>", _table(_MODELS, rows)]
    labels = found["labels"]
    parts.append(
        f"<h2>Labels</h2><p>{labels['labels']:,} in {labels['files']} files; {labels['waiting']:,} wait for "
        f"their row. {escape(json.dumps(labels['troubles']))}</p>"
    )
    return "\n".join(parts) + "\n"


_HEAD = ("month", "labelled", "base rate", "gap", "AUC", f"weeks beyond {WEEKLY:g}", "what alarmed")
_MODELS = ("month", "trained on", "AUC", "beside live", "gap")


def _cells(month: Mapping[str, Any]) -> tuple[str, ...]:
    beyond, weeks = month["weeks_beyond"]
    alarmed = "<br>".join(
        escape(f"{one['told']} {one['kind']}: {one['summary']}") for one in month["alarmed"]
    )
    return (
        NAMES[month["month"]],
        f"{month['labelled']:,}",
        f"{month['base_rate']:.3f}",
        f"{month['gap']:+.3f}",
        f"{month['auc']:.3f}",
        f"{beyond} of {weeks}",
        alarmed or "nothing new",
    )


def _model(one: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        NAMES[one["month"]],
        f"{one['window']} (months {one['first']} to {one['last']})",
        f"{one['auc']:.3f}",
        f"{one['gain']:+.3f} ± {one['error']:.3f}",
        f"{one['gap']:+.3f}",
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{titles}</tr>{body}</table>"


def drawn(found: Mapping[str, Any]) -> str:
    """As SVG: gaps by day with what alarmed, and how models of other months would have ranked."""
    import matplotlib.pyplot as plt

    plots.style()
    figure, (above, below) = plt.subplots(2, 1, figsize=(10, 6))
    days = [date.fromisoformat(one["day"]) for one in found["days"]]
    gaps = [one["gap"] for one in found["days"]]
    above.bar(days, gaps, color=["#c44" if abs(gap) > WEEKLY else "#999" for gap in gaps])
    above.axhspan(-WEEKLY, WEEKLY, color="#ddd", zorder=0)
    for one in found["noticed"]:
        color = "#146" if one["kind"] == "quality" else "#a70"
        above.axvline(date.fromisoformat(one["told"]), color=color, linewidth=0.8)
    above.set_ylabel("gap by day; lines: findings")
    months = sorted({one["month"] for one in found["retraining"]})
    for place, window in enumerate(sorted({one["window"] for one in found["retraining"]})):
        chosen = [one for one in found["retraining"] if one["window"] == window]
        where = np.arange(len(months)) + 0.4 * place - 0.2
        errors = [1.96 * one["error"] for one in chosen]
        below.bar(where, [one["gain"] for one in chosen], 0.35, yerr=errors, label=window)
    below.axhline(0, color="#333", linewidth=0.8)
    below.set_xticks(range(len(months)), [NAMES[month] for month in months])
    below.set_ylabel("AUC beside live")
    if months:
        below.legend(frameon=False)
    figure.tight_layout()
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None})
    plt.close(figure)
    text = written.getvalue()
    return text[text.index("<svg") :]
