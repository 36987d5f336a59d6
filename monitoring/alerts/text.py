"""A finding as text for an issue tracker: what was noticed, on what evidence, and what to do next. Pure.

Texts of data are escaped: a category or a column cannot become a link, a mention or a heading.
"""

from collections.abc import Mapping, Sequence

from monitoring.alerts.kept import Kept
from monitoring.finding import Kind, Number
from release.report.markdown import table, text

SAYS_NOT: Mapping[Kind, str] = {
    "health": "It says that callers wait or get errors, not why; nor whether the answers are right.",
    "capture": "It says what monitoring cannot see: while it is open, silence about the model is not "
    "good news.",
    "schema": "It says that callers send what the release does not promise to accept, not who does.",
    "volume": "It says that there are more or fewer requests, not whether that is wrong.",
    "drift": "It says that requests or scores look different, not that the answers are worse: only truth "
    "(labels) tells that.",
    "quality": "It says how good the answers were for the rows whose truth is known; those whose truth is "
    "not known yet may differ.",
}
"""What a finding of a kind does not tell."""


def markdown(stage: str, kept: Kept) -> str:
    """Title, state, evidence, limits and next steps."""
    finding = kept.finding
    about = f"{finding.kind} of {finding.subject}"
    release = finding.release or "whatever is live"
    rows = [
        ("endpoint", text(f"{finding.endpoint} in {stage}")),
        ("release", text(release)),
        ("severity", text(kept.worst if kept.closed else finding.severity)),
        ("in the data since", _when(finding.since)),
        ("last noticed in data until", _when(kept.until)),
        ("looks that noticed it", str(kept.seen)),
        ("finding", f"`{kept.id}`, occurrence {kept.occurrence}"),
    ]
    evidence = [(text(name), text(_figure(value))) for name, value in finding.evidence.items()]
    lines = [
        f"## {text(f'{stage}: {about} at {finding.endpoint}')}",
        "",
        text(finding.summary),
        "",
        *table(("what", ""), rows),
        "",
        "**Evidence**",
        "",
        *(table(("figure", "value"), evidence, frozenset({1})) if evidence else ["None was given."]),
        "",
        f"**What it does not tell.** {SAYS_NOT[finding.kind]}",
        "",
        *_state(kept),
        *_next(stage, kept),
        "",
    ]
    return "\n".join(lines)


def _state(kept: Kept) -> Sequence[str]:
    answers = [
        f"- retrain `{one.retrain}` of {_when(one.at)}: {text(one.outcome)}"
        + (f" ({text('; '.join(one.reasons))})" if one.reasons else "")
        for one in kept.answers
    ]
    told = ["**Retrains that it asked for**", "", *answers, ""] if answers else []
    if kept.closed is None:
        return told
    who = f" ({text(kept.closed.who)})" if kept.closed.who else ""
    return [
        *told,
        f"**Closed** {_when(kept.closed.at)} by {kept.closed.by}{who}: {text(kept.closed.reason)}",
        "",
    ]


def _next(stage: str, kept: Kept) -> Sequence[str]:
    if kept.closed is not None:
        return [f"Its past: `./slipway history {stage}`"]
    endpoint = kept.finding.endpoint
    return [
        "**Next**",
        "",
        "```sh",
        f"./slipway monitor {stage}                        # is it still there?",
        f'./slipway retrain {stage} --endpoint {endpoint} --because "finding {kept.id}"   # on new data',
        f"./slipway rollback {stage} --endpoint {endpoint}               # the release before, at once",
        f'./slipway findings {stage} --close {kept.id} --because "…"   # known, and accepted',
        "```",
    ]


def _figure(value: Number) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _when(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
