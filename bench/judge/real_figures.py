"""What the recorded A/As say: how far equal variants lie apart, and what the judge makes of it.

The same windows are judged with the default policy, and as if a slow-down mattered beyond a share of live's
latency alone, which is what the amounts of the policy are there for.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench import machine, markdown
from bench.judge.real import Load
from release.domain.policy import LatencyMargins, Policy
from release.judge.cells import CELLS, SPANS, latency_edge
from release.judge.evidence import in_order
from release.judge.judge import Block, Judge
from release.judge.verdict import Decision

FILE = "real.json"
WORDS = """One release as both variants on real servers in the sandbox, once at each weight
(`make bench-judge ARGS=--real`): {rate:g} requests/s, after live was alone for {alone:g} s.
Milliseconds of candidate beside live. The last column judges the same windows without `plus_ms` and
`tail_plus_ms`."""
BEGINNING = 6
"""Blocks of a candidate's first requests: half a minute, in which a fresh process would show."""
SHARES_ALONE = Policy(latency=LatencyMargins(plus_ms=0, tail_plus_ms=0))


@dataclass(frozen=True)
class Figure:
    """One A/A: latencies in milliseconds as (candidate, live), verdicts in words."""

    weight: float
    requests: int
    """Of the candidate, beside live."""
    seconds: float
    """With requests of both."""
    p50_begins: tuple[float, float]
    """In the candidate's first half minute."""
    p50: tuple[float, float]
    """After it."""
    p99: tuple[float, float]
    judged: str
    shares_alone: str


def figure(weight: float, recorded: Path) -> Figure:
    """What one recording says."""
    blocks, _ = in_order(recorded.read_text(encoding="utf-8").splitlines(), Policy())
    span = SPANS["requests"]
    both = [b for b in blocks if b.candidate[span.start : span.stop].any() and b.live.any()]
    sums = [_summed(part) for part in (both[:BEGINNING], both[BEGINNING:])]
    requests = int(sum(b.candidate[span.start : span.stop].sum() for b in both))
    return Figure(
        weight=weight,
        requests=requests,
        seconds=len(both) * Policy().block_seconds,
        p50_begins=_quantiles(sums[0], 0.5),
        p50=_quantiles(sums[1], 0.5),
        p99=_quantiles(sums[1], 0.99),
        judged=judged(blocks, Policy()),
        shares_alone=judged(blocks, SHARES_ALONE),
    )


def judged(blocks: Sequence[Block], policy: Policy) -> str:
    """The first verdict that is not HOLD, and when; else the last one and what PASS waits for."""
    fold = Judge(policy)
    for block in blocks:
        fold.add(block)
        if (decision := fold.decision()) is not Decision.HOLD:
            return f"{decision} after {fold.verdict().seconds:.0f} s"
    return f"HOLD: {fold.verdict().because}"


def _summed(blocks: Sequence[Block]) -> tuple[np.ndarray, np.ndarray]:
    zero = np.zeros(CELLS)
    return sum((b.candidate for b in blocks), zero), sum((b.live for b in blocks), zero)


def _quantiles(sums: tuple[np.ndarray, np.ndarray], share: float) -> tuple[float, float]:
    """A quantile of candidate and live in milliseconds; 0 where there is none."""
    found = []
    for counts in sums:
        below = counts[SPANS["latency"].start : SPANS["latency"].stop].cumsum()
        index = int(np.searchsorted(below, share * below[-1]))
        found.append(round(1000 * latency_edge(index + 0.5), 3) if below[-1] else 0.0)
    return found[0], found[1]


def keep(folder: Path, load: Load, figures: Sequence[Figure]) -> None:
    """Keep the figures, the load and the machine for the report."""
    found = {"load": asdict(load), "machine": machine.describe(), "figures": [asdict(f) for f in figures]}
    (folder / FILE).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def section(folder: Path) -> list[str]:
    """The section of the report; nothing where nothing was recorded."""
    path = folder / FILE
    if not path.exists():
        return []
    found = json.loads(path.read_text(encoding="utf-8"))
    load = found["load"]
    rows = [_row(each) for each in found["figures"]]
    head = (
        "weight",
        "requests, seconds",
        "p50 in the first 30 s",
        "p50 later",
        "p99",
        "judge",
        "shares alone",
    )
    return [
        "## Real servers",
        WORDS.format(**load),
        markdown.table(head, rows),
    ]


def _row(figure: dict[str, Any]) -> tuple[str, ...]:
    pairs = ["{:.3g} beside {:.3g}".format(*figure[name]) for name in ("p50_begins", "p50", "p99")]
    return (
        f"{100 * figure['weight']:g} %",
        f"{figure['requests']:,} in {figure['seconds']:g} s",
        *pairs,
        figure["judged"],
        figure["shares_alone"],
    )
