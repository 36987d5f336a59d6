"""`make bench-quality`: the incident of August and months of nothing, by our rule and by weekly thresholds.

Raw results are kept in `.build/bench/quality/`, and docs/quality-benchmark.md is written from them. It takes
about a minute of one core; the same numbers at every run.
"""

import argparse
import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from bench.monitoring.quality import report, rules
from bench.monitoring.quality.rules import Rule
from bench.monitoring.quality.scores import scored
from bench.monitoring.quality.streams import Basis, days_of
from demo.project import ROOT
from monitoring.quality import calibration
from monitoring.quality.days import ALL, Day
from monitoring.quality.reporting import gaps_of

FOLDER = ROOT / ".build" / "bench" / "quality"
INCIDENT = date(2013, 8, 26)
LIVE = date(2013, 8, 1)
"""The release goes live."""
DAYS = 119
"""Of a null stream: 17 weeks."""
SEED = 2_013
SPREADS = (rules.SETTINGS.spread_above, rules.SETTINGS.spread_below)
SHIFTS = (0.0, rules.TOLERANCE, -rules.TOLERANCE)
SHARE = 0.05
"""Of null streams that the threshold of the same false alarms may alarm on."""


def main() -> None:
    """Parse, measure, report."""
    parser = argparse.ArgumentParser(prog="make bench-quality", description=__doc__)
    parser.add_argument("--streams", type=int, default=1000, help="null streams of each kind (default 1000)")
    parser.add_argument("--report", action="store_true", help="measure nothing, report what there is")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    args = parser.parse_args()
    if not args.report:
        FOLDER.mkdir(parents=True, exist_ok=True)
        found = measure(args.streams)
        (FOLDER / "results.json").write_text(json.dumps(found, indent=1, default=str), encoding="utf-8")
    report.write(json.loads((FOLDER / "results.json").read_text(encoding="utf-8")), args.docs)


def measure(streams: int) -> dict[str, Any]:
    """All figures, as JSON values."""
    days = [day for day in days_of(scored(ROOT / ".build")) if day.day.year == LIVE.year]
    whole = [day for day in days if day.slice == ALL]
    basis = Basis.of(whole)
    random = np.random.default_rng(SEED)
    draws = [basis.draw(random, DAYS) for _ in range(streams)]
    nulls = {shift: [basis.stream(places, shift, *SPREADS) for places in draws] for shift in SHIFTS}
    centred = nulls[0.0]
    same = float(np.quantile([rules.highest_week(one) for one in centred], 1 - SHARE))
    chosen = [
        Rule("slipway, by day", rules.ours),
        Rule(f"weekly gap beyond {rules.TOLERANCE:g}", rules.weekly(rules.TOLERANCE)),
        Rule(f"weekly gap beyond {same:.3f}", rules.weekly(same)),
        Rule("slipway's evidence, rows taken as independent", rules.by_rows),
    ]
    counted = [rules.weeks_beyond(one, rules.TOLERANCE) for one in centred]
    return {
        "streams": streams,
        "days": DAYS,
        "seed": SEED,
        "weeks_beyond": sum(part for part, _ in counted) / sum(of for _, of in counted),
        "spreads": _spreads(whole),
        "rules": [
            {
                "name": rule.name,
                "false": {str(shift): _share(rule, nulls[shift]) for shift in SHIFTS},
                "found": _found(rule, whole, LIVE),
                "from_incident": _found(rule, whole, INCIDENT),
            }
            for rule in chosen
        ],
        "months": [_month(whole, month) for month in range(8, 13)],
        "daily": _daily(whole),
        "weekdays": [_found(Rule("", rules.weekly(same, ends)), whole, INCIDENT) for ends in range(7)],
        "choice": _choice(basis, draws),
    }


def _share(rule: Rule, streams: list[calibration.Gaps]) -> float:
    return sum(rule.first(one) is not None for one in streams) / len(streams)


def _found(rule: Rule, whole: list[Day], since: date) -> dict[str, Any]:
    """When a rule that looks from `since` on first alarms, and after how many labels of the incident."""
    gaps = gaps_of([day for day in whole if day.day >= since], *SPREADS)
    place = rule.first(gaps)
    if place is None:
        return {"day": None, "labelled": None}
    during = [
        n for day, n in zip(gaps.days[: place + 1], gaps.rows[: place + 1], strict=True) if day >= INCIDENT
    ]
    return {"day": gaps.days[place], "labelled": int(sum(during))}


def _month(whole: list[Day], month: int) -> dict[str, Any]:
    """A month by itself, as of a release that went live on its first day."""
    gaps = gaps_of([day for day in whole if day.day.month == month], *SPREADS)
    bound = calibration.bound(gaps, rules.SETTINGS.false_alarms)
    place = rules.ours(gaps)
    return {
        "month": month,
        "labelled": int(gaps.rows.sum()),
        "gap": float(np.average(gaps.values, weights=gaps.rows)),
        "bound": asdict(bound),
        "alarm": None if place is None else gaps.days[place],
        "beyond": rules.weeks_beyond(gaps, rules.TOLERANCE),
    }


def _spreads(whole: list[Day]) -> list[float]:
    """How much the gap varies from day to day, month by month up to July."""
    return [
        float(np.std([day.gap for day in whole if day.day.month == month], ddof=1)) for month in range(1, 8)
    ]


def _daily(whole: list[Day]) -> dict[str, Any]:
    since = [day for day in whole if day.day >= LIVE]
    gaps = gaps_of(since, *SPREADS)
    high = calibration.evidence(gaps, rules.TOLERANCE, 1)
    return {"days": gaps.days, "gaps": gaps.values.tolist(), "log_capital": high.log_capital.tolist()}


def _choice(basis: Basis, draws: list[Any]) -> list[dict[str, float]]:
    """False alarms for other spreads: why the defaults are what they are. August is no part of it."""
    found = []
    for spread in (0.09, 0.095, 0.1, 0.105, 0.11, 0.12, 0.13, 0.14):
        figures = {}
        for side, name in ((1, "above"), (-1, "below")):
            for shift in (0.0, side * rules.TOLERANCE):
                streams = [basis.stream(places, shift, spread, spread) for places in draws]
                alarms = [rules.one_side(one, side) is not None for one in streams]
                figures[f"{name} {'edge' if shift else 'centre'}"] = sum(alarms) / len(alarms)
        found.append({"spread": spread, **figures})
    return found


if __name__ == "__main__":
    main()
