"""The charts of one report: the traffic with what was proven under it, and what each metric said."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from release.report.charts import WIDTH, Chart, Line, Rule, Scale, chart
from release.report.report import Metric, Point, Report, Watched
from release.report.words import lasting, share

SETTLED = 0.25
"""The first part of the points has few requests and wild values: it does not choose the range of a chart."""
ROOM = 1.02
"""A little time after the last evidence, so that the last point is not at the very edge."""
NARROWEST = 8.0
"""Of a ribbon's pieces: what lasted a moment only is seen on a phone too."""
STATES = {
    "no evidence": "no evidence yet",
    "undecided": "undecided",
    "within": "proven within its margin",
    "beyond": "proven beyond its margin",
}
VERDICTS = {"PASS": "mark pass", "FAIL": "mark fail", "HOLD": "mark hold"}


def traffic(report: Report) -> str:
    """The candidate's share of the traffic, and the moments of the verdicts."""
    corners = [(corner.at, corner.percent / 100) for corner in report.shares]
    steps = [f"{corner.percent:g} % after {lasting(corner.at)}" for corner in report.shares]
    area = [(at, 0.0, percent) for at, percent in corners]
    return chart(
        Chart(
            title=f"Share of the traffic that {report.release} got",
            says=", ".join(dict.fromkeys(steps)),
            start=report.opened,
            seconds=length(report),
            low=0.0,
            high=1.04 * max(0.02, *(percent for _, percent in corners)),
            lines=[Line([corners], "line candidate")],
            bands=[area],
            marks=[(found.at, VERDICTS[found.decision]) for found in report.decided],
        )
    )


def length(report: Report) -> float:
    """Seconds that all charts of a report show."""
    return max(report.seconds, 1.0)


def span(watched: Watched) -> tuple[float, float]:
    """When evidence began, and how long it came: what the charts of all metrics show."""
    points = [point.at for metric in watched.metrics for point in metric.points if point.requests]
    first, last = min(points, default=0.0), max(points, default=0.0)
    return first, max(ROOM * (last - first), 1.0)


def gaps(metric: Metric) -> bool:
    """Whether some of the evidence is not drawn, because another question told more then."""
    return any(point.question != metric.question and point.requests for point in metric.points)


def ribbon(metric: Metric, report: Report) -> str:
    """What was proven of a metric, and from when on: one coloured strip over time."""
    x, end = Scale(0, length(report), WIDTH), report.seconds
    runs = [(state, list(points)) for state, points in groupby(metric.points, key=lambda point: point.state)]
    starts = [points[0].at for _, points in runs]
    stops = [*starts[1:], metric.points[-1].at]
    parts, told = [], []
    for (state, _), start, stop in zip(runs, starts, stops, strict=True):
        wide = max(x(min(stop, end)) - x(start), NARROWEST)
        css = state.replace(" ", "-") if state in STATES else "undecided"
        parts.append(f'<rect class="{css}" x="{x(start)}" width="{wide:.1f}" height="10"/>')
        told.append(f"{STATES.get(state, state)} from {lasting(start)} on")
    # Evidence flickers between blocks at times: the words name the last few turns only.
    words = escape(f"{metric.name}: {'; '.join(told[-4:])}")
    return (
        f'<svg class="ribbon" role="img" viewBox="0 0 {WIDTH} 10" preserveAspectRatio="none" '
        f'aria-label="{words}"><title>{words}</title>{"".join(parts)}</svg>'
    )


def seen(metric: Metric, watched: Watched, report: Report) -> str:
    """The means of candidate and live over time, as far as they are of the question that is shown."""
    runs, (start, seconds) = _runs(metric), span(watched)
    mine = [[(p.at, p.candidate) for p in run] for run in runs]
    theirs = [[(p.at, p.live) for p in run] for run in runs]
    shown = _settled(runs)
    values = [value for p in shown for value in (p.candidate, p.live)] or [metric.candidate, metric.live]
    low, high = _range(values, from_zero=min(values) < 0.5 * max(values))
    other = "limit" if watched.alone else "live"
    return chart(
        Chart(
            title=f"{metric.name}: {metric.says}",
            says=f"At the end candidate {share(metric.candidate)}, {other} {share(metric.live)}",
            start=report.opened,
            begins=start,
            seconds=seconds,
            low=max(low, 0.0),
            high=high,
            lines=[Line(theirs, f"line {other}"), Line(mine, "line candidate")],
        )
    )


def proven(metric: Metric, watched: Watched, report: Report) -> str:
    """The bounds beside the margins over time; empty where the question has no bounds."""
    runs = [[p for p in run if _bounded(p)] for run in _runs(metric)]
    runs = [run for run in runs if run]
    if not runs:
        return ""
    start, seconds = span(watched)
    rules = []
    if metric.fail_margin is not None:
        rules.append(Rule(metric.fail_margin, "rule fail", "FAIL above"))
    if metric.pass_margin is not None:
        rules.append(Rule(metric.pass_margin, "rule pass", "PASS below"))
    values = [v for p in _settled(runs) for v in (p.at_least, p.at_most) if v is not None]
    low, high = _range([*values, *(rule.value for rule in rules)], from_zero=False)
    if len(rules) == 2 and abs(rules[0].value - rules[1].value) < 0.12 * (high - low):
        rules = [
            Rule(rules[0].value, "rule fail", ""),
            Rule(rules[1].value, "rule pass", "FAIL above, PASS below"),
        ]
    least = [[(p.at, p.at_least) for p in run if p.at_least is not None] for run in runs]
    most = [[(p.at, p.at_most) for p in run if p.at_most is not None] for run in runs]
    bands = [[_edges(p) for p in run if p.at_least is not None and p.at_most is not None] for run in runs]
    return chart(
        Chart(
            title=f"{metric.name}: what is proven, beside its margins",
            says=f"{metric.fails}, now at least {share(metric.at_least)}; "
            f"{metric.passes}, now at most {share(metric.at_most)}",
            start=report.opened,
            begins=start,
            seconds=seconds,
            low=low,
            high=high,
            lines=[Line(least, "line least"), Line(most, "line most")],
            bands=bands,
            rules=rules,
        )
    )


def _bounded(point: Point) -> bool:
    return point.at_least is not None or point.at_most is not None


def _edges(point: Point) -> tuple[float, float, float]:
    least, most = point.at_least or 0.0, point.at_most or 0.0
    # Bounds of two margins are of two quantities: where they cross there is no band between them.
    return point.at, min(least, most), most


def _runs(metric: Metric) -> list[list[Point]]:
    """Neighbouring points of the question that is shown, with evidence."""
    found = groupby(metric.points, key=lambda point: point.question == metric.question and point.requests > 0)
    return [list(run) for shown, run in found if shown]


def _settled(runs: Sequence[Sequence[Point]]) -> list[Point]:
    points = [point for run in runs for point in run]
    return points[int(SETTLED * len(points)) :]


def _range(values: Sequence[float], from_zero: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if from_zero:
        low = min(low, 0.0)
    room = 0.12 * (high - low) or max(0.2 * abs(high), 0.001)
    return (low if from_zero and low == 0 else low - room), high + room
