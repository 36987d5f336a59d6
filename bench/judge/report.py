"""docs/judge-benchmark.md from the JSON of the runs: the bars, the comparison, the grid.

Nothing on that page is typed by hand. It has what was measured on real servers where that was done.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import markdown
from bench.judge import real_figures
from bench.judge.scenarios import BY_NAME, SCENARIOS

CPU_FILE = "cpu.json"
HEAD = """# The judge, measured

Written by `make bench-judge` from the runs in `.build/bench/judge/`; do not edit. Streams, practices and
scenarios are in `bench/judge/`; [judge.md](judge.md) explains the method. Seeds from {seed:,} on;
none of them was used while tuning."""
GRID = """Our judge. Per cell: share of FAIL and median seconds to FAIL (bad candidates), share of PASS and
median seconds to PASS (good ones), and after a `!` the share of wrong verdicts if there are any.
Few runs a cell: 20 at 50/s, 15 at 10/s, 5 at 500/s, and those end after
ten minutes, so that a change after ten minutes cannot be seen in them."""
BAD = "false PASS in per cent, median seconds to FAIL, median candidate requests to FAIL."
GOOD = """false rollback in per cent, median seconds to PASS.
With no traffic or 20 requests in all, the right answer is neither."""
NAMES = ("slipway", "CloudWatch alarms", "Flagger", "Argo Rollouts", "Kayenta")


@dataclass(frozen=True)
class Result:
    """One cell's outcomes of one judge."""

    scenario: str
    rate: float
    weight: float
    outcomes: list[dict[str, Any]]

    @property
    def runs(self) -> int:
        """How many."""
        return len(self.outcomes)

    def share(self, key: str) -> float:
        """Share of runs with an outcome, in [0, 1]. A PASS after a FAIL cannot happen; a FAIL after a PASS
        can."""
        return sum(o[key] is not None for o in self.outcomes) / self.runs

    def quantile(self, key: str, q: float = 0.5) -> float:
        """Over all runs; a run without the outcome counts as infinite."""
        values = sorted(math.inf if o[key] is None else o[key] for o in self.outcomes)
        return median(values) if q == 0.5 else values[min(math.ceil(q * len(values)) - 1, len(values) - 1)]

    def cpu_per_million(self) -> float:
        """Seconds of CPU per million requests of both variants."""
        return 1e6 * sum(o["cpu"] for o in self.outcomes) / max(sum(o["requests"] for o in self.outcomes), 1)


class Results:
    """All cells on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cells = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*pct.json"))]
        self.seed = min((c["seed"] for c in self.cells), default=0)
        self.fingerprints = sorted({c["fingerprint"] for c in self.cells})

    def get(
        self, scenario: str, rate: float = 50, weight: float = 0.25, who: str = "slipway"
    ) -> Result | None:
        """The result of a cell, or None when it was not run."""
        for c in self.cells:
            cell = c["cell"]
            if (cell["scenario"], cell["rate"], cell["weight"]) == (scenario, rate, weight):
                if who not in c["outcomes"][0]:
                    return None
                return Result(scenario, rate, weight, [o[who] for o in c["outcomes"]])
        return None


@dataclass(frozen=True)
class Bar:
    """One promise: what, at most, and how it is measured."""

    what: str
    most: float
    unit: str
    measure: Callable[[Results], tuple[float, int] | None]


def _share(scenario: str, key: str, weight: float = 0.25) -> Callable[[Results], tuple[float, int] | None]:
    def measure(results: Results) -> tuple[float, int] | None:
        found = results.get(scenario, weight=weight)
        return (100 * found.share(key), found.runs) if found else None

    return measure


def _time(
    scenario: str, key: str, weight: float, q: float = 0.5
) -> Callable[[Results], tuple[float, int] | None]:
    def measure(results: Results) -> tuple[float, int] | None:
        found = results.get(scenario, weight=weight)
        return (found.quantile(key, q), found.runs) if found else None

    return measure


def _worst_pass(results: Results) -> tuple[float, int] | None:
    """Most false PASSes among regressions from the start, over 5 and 25 % weight."""
    found = [results.get(s.name, weight=w) for s in SCENARIOS if _regression(s.name) for w in (0.05, 0.25)]
    known = [r for r in found if r]
    if not known:
        return None
    worst = max(known, key=lambda r: r.share("passed"))
    return 100 * worst.share("passed"), worst.runs


def _at_margin(key: str) -> Callable[[Results], tuple[float, int] | None]:
    """The worst share of a verdict that has the probability alpha or beta at most, at the margin itself."""

    def measure(results: Results) -> tuple[float, int] | None:
        found = [results.get(s.name) for s in SCENARIOS if s.edge == key]
        known = [r for r in found if r]
        if not known:
            return None
        worst = max(known, key=lambda r: r.share(key))
        return 100 * worst.share(key), worst.runs

    return measure


def _regression(name: str) -> bool:
    scenario = BY_NAME[name]
    return scenario.decidable and not (scenario.good or scenario.edge or scenario.change.onset)


def _cpu(step: str) -> Callable[[Results], tuple[float, int] | None]:
    def measure(results: Results) -> tuple[float, int] | None:
        timing = results.folder / CPU_FILE
        if not timing.exists():
            return None
        record = json.loads(timing.read_text(encoding="utf-8"))
        return record[step], record["blocks"]

    return measure


def bars() -> list[Bar]:
    """The promises, in order."""
    found = [
        Bar(f"false rollback: {name}", most, "%", _share(name, "failed"))
        for name, most in (
            ("A/A", 0.5),
            ("A/A of .5 ms: cold by weight, shared hosts", 0.5),
            ("A/A of 5 ms: cold by weight, shared hosts", 0.5),
            ("A/A of 5 ms: half busy", 0.5),
            ("A/A of 5 ms: restarts", 1.0),
            ("A/A of 5 ms: autoscaling", 1.0),
            ("incident on both", 0.5),
            ("incident on both, clocks 2 s apart", 1.0),
            ("incident on both, clocks 2 s apart the other way", 1.0),
            ("metric gaps", 0.5),
            ("improvement: p50 -20 %, errors halved", 0.5),
            ("score shift PSI .05", 0.5),
            ("error bursts up to 20", 1.0),
            ("latency drift of the candidate, sd 5 %", 2.0),
        )
    ]
    found.append(Bar("FAIL exactly at a FAIL margin (alpha), the worst", 1.0, "%", _at_margin("failed")))
    found.append(Bar("PASS exactly at a PASS margin (beta), the worst", 1.0, "%", _at_margin("passed")))
    found.append(Bar("false PASS, worst regression at 5 and 25 %", 1.0, "%", _worst_pass))
    found += [
        Bar(f"PASS on {name}", 0.0, "%", _share(name, "passed")) for name in ("no traffic", "20 requests")
    ]
    for name, weight, most in (
        ("errors .1 -> 5 %", 0.05, 150),
        ("errors .1 -> 5 %", 0.25, 225),
        ("errors .1 -> 1 %", 0.05, 900),
        ("errors .1 -> 1 %", 0.25, 1400),
    ):
        what = f"{name} at {100 * weight:.0f} %: median requests to FAIL"
        found.append(Bar(what, most, "requests", _time(name, "failed_requests", weight)))
    for name, weight, most in (
        ("p50 +50 %", 0.25, 10),
        ("p50 +10 %", 0.25, 180),
        ("score shift PSI .3", 0.25, 60),
        ("constant score", 0.25, 5),
        ("2 % NaN", 0.25, 30),
        ("p99 x3", 0.05, 180),
        ("1 of 70 at 100x", 0.05, 120),
    ):
        what = f"{name} at {100 * weight:.0f} %: median time to FAIL"
        found.append(Bar(what, most, "s", _time(name, "failed", weight)))
    found.append(Bar("A/A at 25 %: median time to PASS", 380, "s", _time("A/A", "passed", 0.25)))
    found.append(
        Bar("A/A at 25 %: 95th percentile of the time to PASS", 750, "s", _time("A/A", "passed", 0.25, 0.95))
    )
    what = "CPU per million requests, windows of 1,000"
    found.append(Bar(f"{what}: judging them", 0.2, "s", _cpu("judge")))
    found.append(
        Bar(f"{what}: reading their JSON and putting them in order too", 0.2, "s", _cpu("everything"))
    )
    return found


def write(folder: Path, docs: Path) -> str:
    """Write docs/judge-benchmark.md; returns the table of bars as text."""
    results = Results(folder)
    table = _bars(results)
    parts = [
        HEAD.format(seed=results.seed),
        "## The bars",
        table,
        "## Beside today's practices",
        *_comparison(results, 0.25),
        *_comparison(results, 0.05),
        *real_figures.section(folder),
        "## Other traffic",
        GRID,
        _grid(results),
    ]
    docs.mkdir(parents=True, exist_ok=True)
    (docs / "judge-benchmark.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return table


def _bars(results: Results) -> str:
    rows = []
    for bar in bars():
        found = bar.measure(results)
        if found is None:
            rows.append((bar.what, f"{bar.most:g} {bar.unit}", "not run", "", ""))
            continue
        value, runs = found
        word = "yes" if value <= bar.most else "**no**"
        shown = f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
        rows.append((bar.what, f"{bar.most:g} {bar.unit}", f"{shown} {bar.unit}", word, f"{runs:,}"))
    return markdown.table(("what", "at most", "measured", "met", "runs"), rows)


def _comparison(results: Results, weight: float) -> list[str]:
    """Two tables: what bad candidates got, and what good ones got."""
    bad, good = [], []
    for scenario in SCENARIOS:
        cells = [results.get(scenario.name, weight=weight, who=who) for who in NAMES]
        if not any(cells):
            continue
        runs = str(next(c.runs for c in cells if c))
        if _regression(scenario.name):
            bad.append((scenario.name, *(_caught(c) for c in cells), runs))
        elif not (scenario.change.onset or scenario.edge):
            good.append((scenario.name, *(_spared(c) for c in cells), runs))
    title = f"50 requests/s, candidate weight {100 * weight:.0f} %"
    return [
        f"**Regressions** ({title}): {BAD}",
        markdown.table(("regression", *NAMES, "runs"), bad),
        f"**Candidates that deserve to live** ({title}): {GOOD}",
        markdown.table(("scenario", *NAMES, "runs"), good),
    ]


def _number(value: float) -> str:
    return "never" if math.isinf(value) else f"{value:,.0f}"


def _caught(result: Result | None) -> str:
    if result is None:
        return ""
    first = [o for o in result.outcomes if o["passed"] is not None]
    miss = 100 * len(first) / result.runs
    seconds, requests = result.quantile("failed"), result.quantile("failed_requests")
    tail = f", {_number(seconds)} s, {_number(requests)}" if not math.isinf(seconds) else ""
    return f"{miss:.3g} %{tail}"


def _spared(result: Result | None) -> str:
    if result is None:
        return ""
    seconds = result.quantile("passed")
    return f"{100 * result.share('failed'):.3g} %" + (
        f", {_number(seconds)} s" if not math.isinf(seconds) else ", no PASS"
    )


def _grid(results: Results) -> str:
    traffic = [(rate, weight) for rate in (10, 50, 500) for weight in (0.01, 0.05, 0.25, 0.5)]
    rows = []
    for scenario in SCENARIOS:
        cells = []
        for rate, weight in traffic:
            found = results.get(scenario.name, rate, weight)
            cells.append("" if found is None else _cell(scenario.name, found))
        rows.append((scenario.name, *cells))
    return markdown.table(
        ("scenario", *(f"{rate}/s, {100 * weight:.0f} %" for rate, weight in traffic)), rows
    )


def _cell(name: str, result: Result) -> str:
    scenario = BY_NAME[name]
    failed, passed = 100 * result.share("failed"), 100 * result.share("passed")
    if scenario.good:
        wrong = f" !{failed:.2g} %" if failed else ""
        return f"PASS {passed:.0f} %, {_number(result.quantile('passed'))} s{wrong}"
    if scenario.edge:
        return f"FAIL {failed:.3g} %, PASS {passed:.3g} %"
    if not scenario.decidable:
        return "HOLD" if failed + passed == 0 else f"!{failed + passed:.2g} %"
    wrong = f" !{passed:.2g} %" if passed and not scenario.change.onset else ""
    return f"FAIL {failed:.0f} %, {_number(result.quantile('failed'))} s{wrong}"
