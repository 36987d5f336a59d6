"""docs/quality-benchmark.md and its plot from the raw results; no figure on that page is typed by hand."""

import math
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from bench import markdown, plots
from bench.monitoring.quality.rules import SETTINGS, TOLERANCE

SOON = "2013-09-08"
MONTHS = ("August", "September", "October", "November", "December")
HEAD = """# Quality with late labels, measured

Written by `make bench-quality`; do not edit. The example's model (January to June) on the flights of
August to December, in time order, each flight's label after it; the method is in
[monitoring.md](monitoring.md#quality). Null streams are {streams:,} streams of {days} days, of blocks of
seven days drawn from January to July (scored by models that have not seen them) less each month's mean
gap, so that weather lasts as long as it does and nothing is wrong; "at the tolerance" they are shifted to
the worst that may not alarm, up or down. Seed {seed}."""
INCIDENT = """\
Labelled flights are those from 26 August to the end of the day of the alarm. False alarms are the share
of null streams that ever alarm. An alarm before 26 August is a false one."""
WEEKLY = """\
A weekly gap beyond {tolerance:g} is no sign of anything: {weeks_beyond:.0%} of the weeks of null streams
lie beyond it. The second threshold is the one on which 5 % of them ever alarm, which only null streams
tell; the incident began on a Monday, which suits it. Of the seven days on which weeks may end, it then
alarms with {sooner} by 8 September, and with {never} never. Rows taken as independent evidence alarm on
every stream: flights of a day share its weather, and so the days of one bad week are all that there is.
Nothing that keeps its promise on null streams was found to be sooner than the seventh day."""
MONTHLY = """\
Each month as of a release that went live on its first day; the bound is valid at every look. A month is
about as much as it takes to tell a gap of .1 from one of .05."""
SPREAD = """\
From January to July the gap varies from day to day by {low:.3f} to {high:.3f} within a month, with a
longer tail below: storms. `spread_above` ({above:g}) and `spread_below` ({below:g}) are the least of
these with false alarms of that side up to 5 % on both kinds of null streams; August had no part in that
choice."""


def write(found: Mapping[str, Any], docs: Path) -> None:
    """Write the page and its plot."""
    docs.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join(_parts(found)) + "\n"
    (docs / "quality-benchmark.md").write_text(text, encoding="utf-8")
    _plot(found["daily"], docs / "plots" / "quality-incident.svg")


def _parts(found: Mapping[str, Any]) -> Iterator[str]:
    yield HEAD.format(**found)
    yield "## The week of 26 August"
    yield INCIDENT
    head = (
        "rule",
        "found, live since 1 August",
        "looking from 26 August",
        "false alarms",
        "at the tolerance",
    )
    yield markdown.table(head, [_rule(rule) for rule in found["rules"]])
    others = [one["day"] for one in found["weekdays"]]
    yield WEEKLY.format(
        tolerance=TOLERANCE,
        weeks_beyond=found["weeks_beyond"],
        sooner=sum(day is not None and day <= SOON for day in others),
        never=others.count(None),
    )
    yield "![gap by day, and the evidence](plots/quality-incident.svg)"
    yield "## Month by month"
    yield MONTHLY
    head = ("month", "labelled flights", "gap", "bound at its end", "alarm", f"weeks beyond {TOLERANCE:g}")
    yield markdown.table(head, [_month(month) for month in found["months"]])
    yield "## How much days vary"
    above, below = SETTINGS.spread_above, SETTINGS.spread_below
    yield SPREAD.format(low=min(found["spreads"]), high=max(found["spreads"]), above=above, below=below)
    kinds = ("above centre", "above edge", "below centre", "below edge")
    head = ("spread", "alarms above", "at the tolerance", "alarms below", "at the tolerance")
    rows = [(f"{one['spread']:g}", *(f"{one[kind]:.1%}" for kind in kinds)) for one in found["choice"]]
    yield markdown.table(head, rows)


def _rule(rule: Mapping[str, Any]) -> tuple[str, ...]:
    false = rule["false"]
    edge = max(share for shift, share in false.items() if float(shift) != 0)
    return (
        rule["name"],
        _when(rule["found"]),
        _when(rule["from_incident"]),
        f"{false['0.0']:.1%}",
        f"{edge:.1%}",
    )


def _when(found: Mapping[str, Any]) -> str:
    if found["day"] is None:
        return "never"
    words = _day(found["day"])
    return f"{found['labelled']:,} flights, {words}" if found["labelled"] else f"false alarm on {words}"


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.day} {day:%B}"


def _month(month: Mapping[str, Any]) -> tuple[str, ...]:
    bound, (beyond, weeks) = month["bound"], month["beyond"]
    return (
        MONTHS[month["month"] - 8],
        f"{month['labelled']:,}",
        f"{month['gap']:+.3f}",
        f"{bound['low']:+.3f} to {bound['high']:+.3f}",
        _day(month["alarm"]) if month["alarm"] else "none",
        f"{beyond} of {weeks}",
    )


def _plot(daily: Mapping[str, Any], path: Path) -> None:
    import matplotlib.pyplot as plt

    plots.style()
    figure, (above, below) = plt.subplots(2, 1, figsize=(10, 5), sharex=True)
    days = [date.fromisoformat(day) for day in daily["days"]]
    above.bar(
        days, daily["gaps"], color=["#c44" if abs(gap) > TOLERANCE else "#999" for gap in daily["gaps"]]
    )
    above.axhspan(-TOLERANCE, TOLERANCE, color="#ddd", zorder=0)
    above.set_ylabel("mean score less base rate")
    below.plot(days, daily["log_capital"], color="#146")
    below.axhline(math.log(2 / SETTINGS.false_alarms), color="#c44", linestyle="--")
    below.set_ylabel("log evidence: scores too high")
    figure.tight_layout()
    plots.save(figure, path)
