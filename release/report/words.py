"""Numbers and times as words, the same on the page and in a pull request."""

from datetime import UTC, datetime

from release.report.report import Metric, Report, Watched

NONE = "\N{EN DASH}"
"""Stands where there is nothing to say."""
TITLES = {
    "opened": "opened",
    "creating": "candidate made",
    "moving": "traffic moves",
    "verifying": "landed check",
    "judging": "watched",
    "judged": "verdict",
    "experimenting": "experiment runs",
    "concluded": "experiment ended",
    "resumed": "resumed",
    "reconciling": "pins change role",
    "reverting": "traffic goes back",
    "restoring": "pins as before",
    "landed": "landed",
    "reverted": "taken back",
}
"""What an entry of the ledger says, to whoever does not know the machine."""
KINDS = {
    "release": "Released",
    "promote": "Promoted",
    "apply": "Applied",
    "rollback": "Rolled back",
    "experiment": "Compared",
}


def share(value: float | None) -> str:
    """A share of [0, 1] in per cent."""
    return NONE if value is None else f"{100 * value:.3g} %"


def lasting(seconds: float) -> str:
    """A length of time."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 and whole < 600 else f"{whole / 60:.0f} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def day(moment: datetime) -> str:
    """A date and time of day."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y, %H:%M}"


def clock(moment: datetime) -> str:
    """A time of day."""
    return f"{moment.astimezone(UTC):%H:%M:%S}"


def bounds(at_least: float | None, at_most: float | None) -> str:
    """The band of what a margin is compared with."""
    if at_least is None and at_most is None:
        return NONE
    return f"{share(at_least)} … {share(at_most)}"


def margins(metric: Metric) -> list[str]:
    """Both margins of a metric with what is proven beside them, a line each."""
    low = f", now at least {share(metric.at_least)}" if metric.at_least is not None else ""
    high = f", now at most {share(metric.at_most)}" if metric.at_most is not None else ""
    lines = [f"{metric.fails}{low}.", f"{metric.passes}{high}." if metric.passes else ""]
    return [line[0].upper() + line[1:] for line in lines if line]


def headline(report: Report) -> str:
    """What came of which release where."""
    where = f"{report.endpoint} in {report.stage}"
    match report.outcome:
        case "landed":
            return f"{report.release} is live: {where}"
        case "reverted":
            return f"{report.release} was taken back: {where}"
        case _:
            return f"{report.release} is not live yet: {where}"


def summary(report: Report) -> str:
    """Why it came so, in a sentence or two."""
    watched = report.watched[0] if report.watched else None
    match report.outcome:
        case "landed":
            if watched is None:
                proof = (
                    "SageMaker serves what was pinned, and the golden requests were answered as in training"
                )
                return f"{proof}. Nothing was judged beside live: {report.strategy} asks no judge."
            return f"{watched.decision}: {watched.because}. It serves alone now, verified."
        case "reverted":
            serves = f"{report.before} serves, as before" if report.before else "nothing serves, as before"
            why = report.reason or "no reason was recorded"
            said = [why, *(_decisive(watched) for watched in report.watched[-1:]), serves]
            return " ".join(f"{line[0].upper()}{line[1:]}." for line in said if line)
        case _:
            stands = TITLES.get(report.stands_at, report.stands_at)
            return f"It stands at '{stands}'." + (f" {watched.because}." if watched else "")


def _decisive(watched: Watched) -> str:
    """The metric that is beyond its margin, in numbers; empty where none is."""
    other = "the limit is" if watched.alone else "live"
    for metric in watched.metrics:
        if metric.state == "beyond":
            seen = f"{metric.says}: candidate {share(metric.candidate)}, {other} {share(metric.live)}"
            return f"{seen} ({metric.detail})" if metric.detail else seen
    return ""


def by_weight(watched: Watched) -> list[Metric]:
    """The metrics, those first that speak against the candidate."""
    return sorted(watched.metrics, key=lambda metric: metric.state != "beyond")


def tone(report: Report) -> str:
    """The colour that goes with the outcome, by name."""
    if report.outcome == "reverted":
        return "hold" if _held(report) else "fail"
    return "pass" if report.outcome == "landed" else "hold"


def _held(report: Report) -> bool:
    """Whether it was taken back without anything proven against it."""
    return bool(report.watched) and report.watched[-1].decision == "HOLD"
