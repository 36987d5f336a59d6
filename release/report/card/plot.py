"""The calibration plot: mean label over mean score, beside a score that means what it says."""

from release.report.card.document import Plot
from release.report.card.figures import measured, number
from release.report.charts import Chart, Line, chart, value_ticks
from release.report.shell import key

ROOM = 0.04
"""Of the range, left free at both ends."""


def calibration(plot: Plot) -> str:
    """The plot as HTML; empty where there is nothing to draw."""
    points = [(one.score, one.label.value) for one in plot.bins if one.label.value is not None]
    if not points:
        return ""
    band = [
        (one.score, one.label.low, one.label.high)
        for one in plot.bins
        if one.label.low is not None and one.label.high is not None
    ]
    across = [score for score, _ in points]
    up = [value for _, value in points] + [edge for _, low, high in band for edge in (low, high)]
    low, high = min(across + up), max(across + up)
    room = ROOM * (high - low) or 1.0
    first, last = (0.0, 1.0) if plot.share else (low - room, high + room)
    times, unit = (100.0, "%") if plot.share else (1.0, "")
    told = (f"score {number(one.score, 3)}: label {measured(one.label)}" for one in plot.bins)
    drawn = chart(
        Chart(
            title="Mean label over mean score",
            says="; ".join(told),
            start=None,
            begins=first,
            seconds=last - first,
            low=first,
            high=last,
            lines=[Line([[(first, first), (last, last)]], "line limit"), Line([points], "line candidate")],
            bands=[band],
            across=[(tick, f"{times * tick:.4g} {unit}".strip()) for tick in value_ticks(first, last, 5)],
            unit=unit,
            percent=times,
        )
    )
    keys = (
        key("var(--me)", "mean label of a tenth of the test rows, with its interval of 95 %"),
        key("var(--live)", "a score that means what it says", "dash"),
        "<span>across: mean score</span>",
    )
    return f'<div class="card square">{drawn}<p class="key">{"".join(keys)}</p></div>'
