"""The report as one HTML file that loads nothing: no script, no font, no picture from anywhere."""

from collections.abc import Sequence
from html import escape

from release.domain.captures import aside_words
from release.report import pictures, shell, tables
from release.report.card import page as card_page
from release.report.card.document import Card
from release.report.report import Metric, Report, Watched
from release.report.shell import key, tag
from release.report.words import KINDS, by_weight, day, headline, lasting, margins, share, summary, tone

TONES = {"within": "pass", "beyond": "fail", "undecided": "hold"}
DECISIONS = {"PASS": "pass", "FAIL": "fail", "HOLD": "hold"}


def html(report: Report, card: Card | None = None) -> str:
    """The page, with the release's card folded into it where there is one."""
    title = headline(report)
    body = [
        _hero(report),
        _traffic(report),
        *(_watched(report, watched) for watched in report.watched),
        "<h2>What changed</h2>",
        tables.differences(report),
        *(["<h2>Gates</h2>", tables.gates(report)] if report.gates else []),
        "<h2>What happened, step by step</h2>",
        tables.moments(report),
        *(["<h2>The model</h2>", card_page.folded(card)] if card else []),
        _footer(report),
    ]
    return shell.page(title, body)


def _hero(report: Report) -> str:
    facts = {
        "took" if report.outcome != "open" else "so far": lasting(report.seconds),
        "strategy": report.strategy,
        "most traffic": f"{max((s.percent for s in report.shares), default=0):g} %",
    }
    for watched in report.watched[:1]:
        facts["candidate's requests"] = f"{watched.requests:,}"
        if not watched.alone:
            facts["live's beside it"] = f"{watched.live_requests:,}"
    cells = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())
    who = f"{KINDS[report.kind]} by {report.by}, {day(report.opened)} UTC"
    yes = f'<p class="soft">{escape(report.grounds)}</p>' if report.grounds else ""
    return (
        f'<header class="card hero t-{tone(report)}">{tag(OUTCOMES[report.outcome], tone(report))}'
        f'<h1>{escape(headline(report))}</h1><p class="soft">{escape(who)}</p>{yes}'
        f'<p class="why">{escape(summary(report))}</p><dl class="facts">{cells}</dl></header>'
    )


OUTCOMES = {"landed": "✓ landed", "reverted": "✕ taken back", "open": "… not finished"}


def _traffic(report: Report) -> str:
    rows = [
        f'<div class="row"><span title="{escape(metric.name)}">{escape(metric.name)}</span>'
        f"{pictures.ribbon(metric, report)}</div>"
        for watched in report.watched[:1]
        for metric in watched.metrics
    ]
    keys = [key("var(--me)", "the candidate's share")]
    if rows:
        keys += [
            key("var(--none)", "undecided", "box"),
            key("var(--pass)", "proven within its margin", "box"),
        ]
        keys += [key("var(--fail)", "proven beyond", "box")]
    if report.decided:
        keys.append(key("var(--soft)", "a verdict that ended a step", "dash"))
    more = ""
    if not report.watched and len(report.shares) > 1:
        keys.append("<span>in between, SageMaker moves it as the strategy says</span>")
    else:
        more = ", and what was proven when"
    return (
        f'<h2>The traffic it got{more}</h2><div class="card tall">'
        f'{pictures.traffic(report)}{"".join(rows)}<p class="key">{"".join(keys)}</p>'
        f"{tables.shares(report)}</div>"
    )


def _watched(report: Report, watched: Watched) -> str:
    title = "Alone, under the stage's limits" if watched.alone else "Candidate beside live"
    text = (
        f"{watched.requests:,} requests of the candidate"
        + ("" if watched.alone else f" and {watched.live_requests:,} of live in the same seconds")
        + f", {lasting(watched.seconds)} of evidence."
    )
    aside = [aside_words(cause, count) for cause, count in watched.set_aside.items()]
    more = f'<p class="soft">Set aside: {escape("; ".join(aside))}</p>' if aside else ""
    cards = "".join(_metric(report, watched, metric) for metric in by_weight(watched))
    return (
        f"<h2>{escape(title)}</h2><p>{tag(watched.decision, DECISIONS[watched.decision])} "
        f'{escape(watched.because)}</p><p class="soft">{escape(text)}</p>{more}'
        f'<div class="metrics">{cards}</div>'
    )


def _metric(report: Report, watched: Watched, metric: Metric) -> str:
    state = tag(metric.state, TONES.get(metric.state, "none"))
    other = "the limit" if watched.alone else "live"
    name = metric.name if metric.name == metric.question else f"{metric.name}: {metric.question}"
    head = f'<section class="card"><h3>{escape(name)} {state}</h3><p class="soft">{escape(metric.says)}</p>'
    if not metric.requests:
        # A PASS asks for no evidence of a metric that the policy does not require.
        never = " Missing evidence never passes." * (watched.decision != "PASS")
        return f'{head}<p class="soft">No evidence.{never}</p></section>'
    figures = (
        f'<div class="figures"><div class="me"><b>{share(metric.candidate)}</b>candidate</div>'
        f"<div><b>{share(metric.live)}</b>{other}</div></div>"
    )
    detail = f'<p class="soft">{escape(metric.detail)}</p>' if metric.detail else ""
    needs = f"<p>About {metric.needs:,} more requests of the candidate decide it.</p>" if metric.needs else ""
    line = key("var(--live)", other, "dash" if watched.alone else "")
    gap = f"<span>gaps: other questions of {escape(metric.name)} told more</span>" * pictures.gaps(metric)
    drawn = (
        f'<h4>Seen</h4>{pictures.seen(metric, watched, report)}<p class="key">'
        f"{key('var(--me)', 'candidate')}{line}{gap}</p>"
    )
    proof = pictures.proven(metric, watched, report)
    if proof:
        drawn += f"<h4>Proven: how much worse it may be, at least and at most</h4>{proof}"
    words = "".join(f"<p>{escape(line)}</p>" for line in margins(metric))
    return f"{head}{figures}{detail}{drawn}{words}{needs}{tables.points(report, metric)}</section>"


def _footer(report: Report) -> str:
    lines: Sequence[str] = [f"Rollout {report.rollout} in {report.stage}. All times UTC."]
    if report.decided:
        last = report.decided[-1]
        lines = [*lines, f"The last verdict rests on {last.windows:,} windows, SHA-256 {last.sha256}."]
    if report.watched and not report.watched[0].alone:
        lines = [
            *lines,
            "Proven means: with the error probabilities of the stage's policy, however often one looks "
            "(docs/judge.md). Bounds are of what each margin is compared with.",
        ]
    return "<footer>" + "".join(f"<p>{escape(line)}</p>" for line in lines) + "</footer>"
