"""An experiment in words: a sentence for the ledger, Markdown for a pull request, a page for people. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from monitoring.experiments.planner import Plan
from monitoring.experiments.result import Result
from release.domain.experiment import Compared
from release.report import shell
from release.report.markdown import table, text
from release.report.words import day

TONES = {"better": "pass", "worse": "fail", "undecided": "hold", "void": "fail"}
HEADS = ("", "candidate", "live")


@dataclass(frozen=True)
class Report:
    """What an experiment has come to."""

    compared: Compared
    plan: Plan
    result: Result
    at: datetime
    """When it was looked at."""


def points(value: float, sign: bool = True) -> str:
    """A difference of two rates, in points of a hundred."""
    return f"{100 * value:+.2f}" if sign else f"{100 * value:.2f}"


def sentence(result: Result) -> str:
    """What the outcomes show."""
    candidate, live = result.exposed
    if result.shows == "void":
        shares = result.shares
        return (
            f"void: the candidate got {shares.candidate:,} of {shares.candidate + shares.live:,} keys, which "
            f"is not {shares.percent} %; something drops or adds exposures of one variant"
        )
    band = f"{points(result.low)} to {points(result.high)} points"
    seen = f"{points(result.lift)} points ({band}) on {candidate:,} and {live:,} keys"
    return f"{result.shows}: {seen}"


def next_step(report: Report) -> str:
    """What a person does now."""
    result, plan = report.result, report.plan
    counted = sum(result.exposed)
    match result.shows:
        case "void":
            return "Find what loses or repeats exposures before anything is concluded: these are no evidence."
        case "better":
            return f"The candidate is better: end it with --keep candidate ({report.compared.candidate})."
        case "worse":
            return f"The candidate is worse: end it with --keep live ({report.compared.live})."
    if max(abs(result.low), abs(result.high)) < report.compared.asked.minimum:
        return "Whatever difference there is, it is less than what matters: keep whichever is simpler."
    if counted < plan.median:
        return f"Wait: half of such experiments are decided by {plan.median:,.0f} keys, {counted:,} count."
    if counted < plan.exposures:
        power = f"{report.compared.asked.power:.0%}"
        return (
            f"Wait: {power} of such experiments are decided by {plan.exposures:,.0f} keys, {counted:,} count."
        )
    return "More keys than planned and nothing shown: a difference that matters is not likely any more."


def markdown(report: Report) -> str:
    """The report for a pull request."""
    compared = report.compared
    lines = [
        f"## Experiment {compared.id}: {text(report.result.shows)}",
        "",
        text(f"{sentence(report.result)}. {next_step(report)}"),
        "",
        text(_about(compared, report.at)),
        "",
        *table(HEADS, [tuple(map(text, row)) for row in _rows(report)], frozenset({1, 2})),
        "",
        *(f"- {text(line)}" for line in _notes(report)),
    ]
    return "\n".join(lines) + "\n"


def page(report: Report) -> str:
    """The report as one file that loads nothing."""
    compared = report.compared
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>' + "".join(f'<td class="n">{escape(c)}</td>' for c in cells)
        for name, *cells in _rows(report)
    )
    heads = "".join(f'<th scope="col" class="n">{name}</th>' for name in HEADS[1:])
    body = [
        f"<p>{shell.tag(report.result.shows, TONES[report.result.shows])}</p>",
        f"<h1>Experiment {escape(compared.id)}: {escape(sentence(report.result))}</h1>",
        f"<p>{escape(next_step(report))}</p><p>{escape(_about(compared, report.at))}</p>",
        f'<table><thead><tr><th scope="col"></th>{heads}</tr></thead><tbody>{rows}</tbody></table>',
        "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in _notes(report)) + "</ul>",
    ]
    return shell.page(f"Experiment {compared.id}", body)


def _about(compared: Compared, at: datetime) -> str:
    asked = compared.asked
    until = f"ended {day(compared.ended)} UTC: {compared.end}" if compared.ended else f"at {day(at)} UTC"
    return (
        f"{compared.candidate} beside {compared.live} on {compared.endpoint} in {compared.stage}, "
        f"{asked.percent} % of the keys, by {asked.outcome} within {asked.within_hours:g} h; "
        f"since {day(compared.begun)} UTC, {until}"
    )


def _rows(report: Report) -> Sequence[tuple[str, str, str]]:
    result, compared = report.result, report.compared
    (exposed, yes), rates = (result.exposed, result.yes), result.rates
    return [
        ("release", compared.candidate, compared.live),
        ("keys that count", f"{exposed[0]:,}", f"{exposed[1]:,}"),
        (f"with {compared.asked.outcome}", f"{yes[0]:,}", f"{yes[1]:,}"),
        ("rate", f"{rates[0]:.2%}", f"{rates[1]:.2%}"),
    ]


def _notes(report: Report) -> list[str]:
    result, asked, plan = report.result, report.compared.asked, report.plan
    share = f"{100 * math.exp(min(result.evidence - result.needed, 0)):.0f} %"
    planned = "more than anybody waits for" if math.isinf(plan.exposures) else f"{plan.exposures:,.0f}"
    return [
        f"The bounds hold at every look together, with {1 - asked.alpha:.0%}: looking again costs nothing.",
        f"Evidence of a difference: {share} of what is needed, after {result.looks:,} hours that count.",
        f"{result.waits:,} keys wait: their outcome may still come.",
        f"Planned: {planned} keys to find {points(asked.minimum, sign=False)} points in {asked.power:.0%}.",
        f"Shares: {result.shares.candidate:,} and {result.shares.live:,} keys at {asked.percent} %, "
        f"chi-square {result.shares.chi_square:.2f}" + ("; proven wrong" if result.shares.wrong else ""),
        *(_trouble(report, cause) for cause in sorted(result.troubles.counts)),
    ]


def _trouble(report: Report, cause: str) -> str:
    troubles = report.result.troubles
    named = troubles.keys.get(cause)
    return f"Set aside: {troubles.counts[cause]:,} {cause}" + (f" ({', '.join(named)}, …)" if named else "")
