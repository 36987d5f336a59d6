"""The tables of the page: everything that a chart shows is there in numbers too."""

from collections.abc import Sequence
from datetime import timedelta
from html import escape

from release.report.report import Metric, Report
from release.report.words import TITLES, bounds, clock, lasting, share

MOST_ROWS = 24
"""Of a metric's numbers over time."""


def table(
    heads: Sequence[str],
    rows: Sequence[str],
    caption: str,
    css: str = "",
    numbers: frozenset[int] = frozenset(),
) -> str:
    """A table of rows that are HTML already, under heads that are not; `numbers` are columns of numbers."""
    looks = [' class="n"' * (index in numbers) for index in range(len(heads))]
    head = "".join(
        f'<th scope="col"{look}>{escape(name)}</th>' for name, look in zip(heads, looks, strict=True)
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table class="{css}">'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
        "</table></div>"
    )


def differences(report: Report) -> str:
    """What tells the two releases apart, what is the same in grey."""
    rows = [
        f'<tr class="{"new" if d.changed else "same"}"><th scope="row">{escape(d.what)}</th>'
        f"<td>{escape(d.before)}</td><td>{escape(d.after)}</td></tr>"
        for d in sorted(report.differences, key=lambda d: not d.changed)
    ]
    changed = sum(d.changed for d in report.differences)
    if report.before is None:
        return table(("", "before", "this release"), rows, "The first release of this endpoint in this stage")
    return table(("", "before", "this release"), rows, f"{changed} things differ; what is the same is grey")


def gates(report: Report) -> str:
    """The gates of training."""
    rows = [
        f'<tr><th scope="row">{escape(name)}</th><td class="t">{"passed" if passed else "did not pass"}</td>'
        f"<td>{escape(words)}</td></tr>"
        for name, passed, words in report.gates
    ]
    return table(("gate", "", "measured"), rows, "Measured in training, before any traffic")


def moments(report: Report) -> str:
    """The ledger's entries of this rollout."""
    rows = []
    for moment in report.moments:
        words = TITLES.get(moment.event, moment.event)
        at_step = "" if moment.share is None else f"{moment.share} %"
        lasted = "" if moment.lasted is None else lasting(moment.lasted)
        rows.append(
            f'<tr><td class="t">{clock(moment.at)}</td><th scope="row">{escape(words)}</th>'
            f'<td class="n">{at_step}</td><td class="t">{lasted}</td><td>{escape(moment.says)}</td></tr>'
        )
    makers = ", then ".join(dict.fromkeys(moment.by for moment in report.moments))
    return table(
        ("when (UTC)", "what", "share", "lasted", "why"),
        rows,
        f"By the stage's ledger; by {makers}",
        "timeline",
    )


def shares(report: Report) -> str:
    """The candidate's share of the traffic as numbers."""
    rows = []
    for corner in dict.fromkeys(report.shares):
        at = clock(report.opened + timedelta(seconds=corner.at))
        rows.append(f'<tr><td class="t">{at}</td><td class="n">{corner.percent:g} %</td></tr>')
    return _numbers(table(("when (UTC)", "share"), rows, "The candidate's share of the traffic"))


def points(report: Report, metric: Metric) -> str:
    """What a metric said over time as numbers, thinned."""
    told = [point for point in metric.points if point.requests]
    every = max(1, -(-len(told) // MOST_ROWS))
    shown = told[::-1][::every][::-1]
    rows = []
    for point in shown:
        at = clock(report.opened + timedelta(seconds=point.at))
        cells = (f"{point.requests:,}", share(point.candidate), share(point.live))
        numbers = "".join(f'<td class="n">{cell}</td>' for cell in cells)
        band = bounds(point.at_least, point.at_most)
        rows.append(
            f'<tr><td class="t">{at}</td><td>{escape(point.question)}</td>{numbers}'
            f'<td class="t">{band}</td><td class="t">{escape(point.state)}</td></tr>'
        )
    heads = ("when (UTC)", "question", "requests", "candidate", "live", "band", "state")
    return _numbers(table(heads, rows, f"{metric.name} over time"))


def _numbers(content: str) -> str:
    return f"<details><summary>The numbers</summary>{content}</details>"
