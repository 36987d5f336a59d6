"""docs/drift-benchmark.md from the JSON of the runs. Nothing on that page is typed by hand."""

import json
from calendar import month_name
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from bench import markdown
from bench.monitoring.drift import campaign, real
from bench.monitoring.drift.changes import INJECTED
from bench.monitoring.drift.practices import PSI_LIMITS

HEAD = """# Drift, measured

Written by `make bench-drift` from the runs in `.build/bench/drift/`; do not edit. Streams, changes and
practices are in `bench/monitoring/drift/`; [monitoring.md](monitoring.md#drift) explains the method. The
model is the example's boosting, trained on January to June; its reference is what lies in its artifact. A
month is 30 days, each one of the reference's 181 at random, with rows drawn from that day's. Seeds from
{seed:,} on; none of these streams was looked at while building. The days were: the method was chosen on
other streams of the same days of January to June, *unseen days* among them."""
NULL = """## Months without drift

Months with any finding of drift or of a broken promise, over all features, the score and all looks. *By
days*: looked at when a day is complete, by the thresholds that `decide` takes. *By hours*: the same months,
looked at every hour, by that and by what an hour or the last 24 are enough for. *Unseen days*: the
reference has half of the days (ten halves in turn; its facts of hours are of all) and the months have the
others: no resampling of what thresholds were calibrated on. Half a reference knows less than a whole one,
so that this is above what a whole one would have."""
SAME = """Months by hours take `decide`'s rules and leave out what it keeps for other things. Beside them,
{runs} of these months went through `decide` itself: it came to the same, to the hour, in {same}."""
UNSEEN = """Of months of unseen days, {rows:,} rows a day, these have a finding by an hour or the last 24
as well, beside those by days: {found}."""
BESIDE = """Beside it, looking once a day at the same kind of months (Evidently: {runs} of them; the 3,000
rows of `reference.csv` as its reference): months with an alarm of any column. Evidently's
defaults are computed here from the same tests; its own code, asked about {days} of these days,
named the same columns in {alike} of them."""
POWER = """## Drift that is there

From the first hour on, in all rows. Rows until the first finding, whatever its name: half of the runs
needed at most the first number, nine of ten the second; then what was found. In brackets the days.
`never` is not in 30 days. PSI and Evidently have no such figures here: they alarm without drift on the
first day."""
REAL = """## The months after the reference

July to December as they were. *Bias*: the mean score less the share of late flights, which is known only
later. PSI above .25: over the whole month, by column; and on how many days any column was above. Weather was
missing in 93 % of the rows of 31 December; the rule for nulls of 24 hours was made after that was missed."""
READ = """Nothing of this tells a bad month: the worst bias is {worst}'s ({bias:+.3f}), and drift is found in
{found} of {of} months, most of it weather and schedules that January to June did not have. What shows a bad
month is calibration, once the truth is known."""
MONTHS = (
    "",
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
)
NAMES = (*MONTHS, "November", "December")


def write(docs: Path) -> str:
    """Write the page; returns it."""
    null = [NULL, _null(), _same(), *_unseen(), *_beside()]
    parts = [HEAD.format(seed=campaign.FIRST_SEED), *null, POWER, _power(), *_real()]
    page = "\n\n".join(parts) + "\n"
    (docs / "drift-benchmark.md").write_text(page, encoding="utf-8")
    return page


def _null() -> str:
    rows = []
    for volume in campaign.VOLUMES:
        first, runs = _first_hours(volume)
        by_hours = _of(len(first), runs) if runs else "not run"
        by_days = [_daily(name, volume) for name in (campaign.NULL, campaign.UNSEEN)]
        rows.append((f"{volume:,}", by_days[0], by_hours, by_days[1]))
    return markdown.table(("rows a day", "by days", "by hours", "unseen days, by days"), rows)


def _first_hours(volume: int) -> tuple[dict[int, float], int]:
    """By seed, the hour of the first finding of each month that had one by hours or by days; of how many."""
    paths = campaign.hourly_path(campaign.NULL, volume), campaign.daily_path(campaign.NULL, volume)
    if not all(path.is_file() for path in paths):
        return {}, 0
    hourly, daily = (json.loads(path.read_text(encoding="utf-8")) for path in paths)
    runs = min(hourly["runs"], daily["runs"])
    alarms = [*((seed, hour) for seed, hour, _ in hourly["alarms"])]
    alarms += [(seed, 24 * day) for seed, day in daily["alarms"]]
    first: dict[int, float] = {}
    for seed, hour in alarms:
        if seed < campaign.FIRST_SEED + runs:
            first[seed] = min(hour, first.get(seed, hour))
    return first, runs


def _same() -> str:
    runs = same = 0
    for volume in campaign.VOLUMES:
        first, of = _first_hours(volume)
        for each in campaign.kept(campaign.Cell(campaign.NULL, volume, 0)):
            if each["seed"] < campaign.FIRST_SEED + of:
                runs += 1
                same += each["hours"] == first.get(each["seed"])
    return SAME.format(runs=runs, same="all of them" if same == runs else f"{same} of them")


def _unseen() -> list[str]:
    path = campaign.hourly_path(campaign.UNSEEN, campaign.UNSEEN_ROWS)
    if not path.is_file():
        return []
    held = json.loads(path.read_text(encoding="utf-8"))
    names = sorted({subject for _, _, subject in held["alarms"]})
    found = _of(len(held["alarms"]), held["runs"]) + (f": {', '.join(names)}" if names else "")
    return [UNSEEN.format(rows=campaign.UNSEEN_ROWS, found=found)]


def _of(count: int, runs: int) -> str:
    return f"{count} of {runs:,} ({100 * count / runs:.1f} %)"


def _daily(name: str, rows: int) -> str:
    path = campaign.daily_path(name, rows)
    if not path.is_file():
        return "not run"
    held = json.loads(path.read_text(encoding="utf-8"))
    return _of(len(held["alarms"]), held["runs"])


def _beside() -> list[str]:
    path = campaign.FOLDER / real.PEERS
    if not path.is_file():
        return []
    *peers, own = json.loads(path.read_text(encoding="utf-8"))
    rows = []
    for peer in peers:
        psi = [each["psi"] for each in campaign.kept(campaign.Cell(campaign.NULL, peer["rows"], 0))]
        above = [f"{sum(max(each) > limit for each in psi)} of {len(psi)}" for limit in PSI_LIMITS]
        any_column = sum(max(each) > 0 for each in peer["months"])
        half = sum(2 * max(each) >= peer["columns"] for each in peer["months"])
        usual = median(each for month in peer["months"] for each in month)
        of = len(peer["months"])
        cells = (f"{any_column} of {of}", f"{half} of {of}", f"{usual:.0f} of {peer['columns']}")
        rows.append((f"{peer['rows']:,}", _daily(campaign.NULL, peer["rows"]), *above, *cells))
    head = ("rows a day", "ours", "PSI above .1", "PSI above .25", "Evidently, any column")
    head += ("Evidently, half of the columns", "columns that it names on a usual day")
    told = BESIDE.format(runs=real.PEER_RUNS, days=own["own_code_days"], alike=own["alike"])
    return [told, markdown.table(head, rows)]


def _power() -> str:
    rows = []
    for injected in INJECTED:
        cells = [_found(campaign.kept(campaign.Cell(injected.name, v, 0))) for v in campaign.VOLUMES]
        rows.append((injected.name, *cells))
    return markdown.table(("", *(f"{volume:,} rows a day" for volume in campaign.VOLUMES)), rows)


def _found(outcomes: list[dict[str, Any]]) -> str:
    if not outcomes:
        return "not run"
    ordered = sorted(outcomes, key=lambda each: (each["hours"] or float("inf"), each["rows"]))
    places = ordered[(len(ordered) - 1) // 2], ordered[-(-9 * len(ordered) // 10) - 1]
    told = [
        "never" if each["rows"] is None else f"{each['rows']:,} ({each['hours'] / 24:.1f})" for each in places
    ]
    names = Counter(each["first"] for each in outcomes if each["first"]).most_common(1)
    return f"{told[0]}, {told[1]}" + (f": {names[0][0]}" if names else "") + f"; {len(outcomes)} runs"


def _real() -> list[str]:
    path = campaign.FOLDER / real.FILE
    if not path.is_file():
        return []
    months = json.loads(path.read_text(encoding="utf-8"))
    rows = []
    for month in months:
        above = [f"{name} {value:.2f}" for name, value in month["psi"].items() if value > PSI_LIMITS[1]]
        found = list(dict.fromkeys(each.partition(" ")[2] for each in month["found"]))
        rows.append(
            (
                month_name[month["month"]],
                f"{month['rows']:,}",
                f"{month['auc']:.3f}",
                f"{month['bias']:+.3f}",
                ", ".join(found) or "nothing",
                ", ".join(above) or "nothing",
                f"{month['psi_days']} of {month['days']}",
                f"{month['evidently_days']} of {month['days']}",
            )
        )
    head = ("month", "rows", "AUC", "bias", "found, ours", "PSI above .25", "days with PSI above .25")
    worst = max(months, key=lambda month: abs(month["bias"]))
    with_drift = sum(bool(month["found"]) for month in months)
    told = READ.format(worst=month_name[worst["month"]], bias=worst["bias"], found=with_drift, of=len(months))
    return [REAL, markdown.table((*head, "days with Evidently's alarm"), rows), told]
