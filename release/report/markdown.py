"""The report in a few lines of Markdown, for a pull request or the summary of a CI job.

Texts of a release or a person are escaped: they cannot become a link, a mention, a heading or HTML.
"""

import re
from collections.abc import Sequence

from release.report.report import Report, Watched
from release.report.words import (
    KINDS,
    NONE,
    TITLES,
    bounds,
    by_weight,
    clock,
    day,
    headline,
    lasting,
    share,
    summary,
    tone,
)

SIGNS = {"pass": "✅", "fail": "❌", "hold": "⚠️"}
STATES = {
    "within": "✅ within",
    "beyond": "❌ beyond",
    "undecided": "undecided",
    "no evidence": "no evidence",
}
SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~&!$])")
NO_WIDTH = "\u200b"
"""Put after a sign that would otherwise call somebody or link somewhere."""
LONGEST = 300
"""Characters of a text that are told."""


def markdown(report: Report) -> str:
    """The verdict first, then metrics, changes and the way there."""
    who = f"{KINDS[report.kind]} by {report.by}, {day(report.opened)} UTC, {lasting(report.seconds)}"
    lines = [f"## {SIGNS[tone(report)]} {text(headline(report))}", "", text(summary(report)), ""]
    lines += [
        text(f"{who}; strategy {report.strategy}" + (f"; {report.grounds}" if report.grounds else "")),
        "",
    ]
    for watched in report.watched:
        lines += [*_metrics(watched), ""]
    lines += [*_changes(report), "", *_timeline(report), ""]
    lines += [f"Its model card: ./slipway card {text(report.release)}", ""]
    return "\n".join(lines)


def text(value: str, longest: int = LONGEST) -> str:
    """A text as it is to be read: one line, and no markup of its own."""
    line = " ".join(value.split())
    line = line if len(line) <= longest else f"{line[: longest - 1]}…"
    line = SPECIAL.sub(r"\\\1", line)
    line = re.sub(r"([@#])", rf"\1{NO_WIDTH}", line)
    line = re.sub(r"(?i)(https?|ftp|mailto|xmpp):", r"\1\\:", line)
    line = re.sub(r"(?i)www\.", r"www\\.", line)
    # At the beginning of a line these would make a list, a heading's underline or a rule.
    return re.sub(r"^(\d+)([.)])(?=\s)|^([-+=])", lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", line)


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()
) -> list[str]:
    """A table of cells that are Markdown already; `right` are the columns that stand to the right."""
    rule = ["--:" if i in right else "---" for i in range(len(heads))]
    return [f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows)]


def _metrics(watched: Watched) -> list[str]:
    other = "limit" if watched.alone else "live"
    title = "Alone, under the stage's limits" if watched.alone else "Candidate beside live"
    requests = f"{watched.requests:,} requests"
    requests += "" if watched.alone else f" beside {watched.live_requests:,} of live"
    rows = []
    for metric in by_weight(watched):
        says = f"{metric.says} ({metric.detail})" if metric.detail else metric.says
        seen = (share(metric.candidate), share(metric.live)) if metric.requests else (NONE, NONE)
        band = bounds(metric.at_least, metric.at_most)
        margins = " / ".join(share(m) for m in (metric.fail_margin, metric.pass_margin) if m is not None)
        name = metric.name if metric.name == metric.question else f"{metric.name}: {metric.question}"
        rows.append(
            (
                text(name),
                STATES.get(metric.state, text(metric.state)),
                *seen,
                band,
                margins or NONE,
                text(says),
            )
        )
    heads = ("metric", "state", "candidate", other, "band", "FAIL / PASS margin", "what")
    return [
        f"**{title}: {watched.decision}**, {requests}, {lasting(watched.seconds)} of evidence",
        "",
        *table(heads, rows, frozenset({2, 3})),
    ]


def _changes(report: Report) -> list[str]:
    rows = [(text(d.what), text(d.before), text(d.after)) for d in report.differences if d.changed]
    failed = [name for name, passed, _ in report.gates if not passed]
    gates = f"Gates: {len(report.gates) - len(failed)} of {len(report.gates)} passed"
    gates += f"; not {text(', '.join(failed))}" if failed else ""
    told = [f"<details><summary>What changed: {len(rows)}</summary>", ""]
    told += table(("", "before", "this release"), rows)
    return [*told, "", *([gates, ""] if report.gates else []), "</details>"]


def _timeline(report: Report) -> list[str]:
    rows = []
    for moment in report.moments:
        at_step = "" if moment.share is None else f"{moment.share} %"
        lasted = "" if moment.lasted is None else lasting(moment.lasted)
        what = TITLES.get(moment.event, moment.event)
        rows.append((clock(moment.at), text(what), at_step, lasted, text(moment.says)))
    return [
        "<details><summary>What happened, step by step</summary>",
        "",
        *table(("when (UTC)", "what", "share", "lasted", "why"), rows, frozenset({2})),
        "",
        "</details>",
    ]
