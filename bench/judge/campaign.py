"""All runs of the benchmark, kept as JSON in .build/bench/judge/, one file a cell.

A cell is a scenario at a rate and a weight. Seeds below 2,000,000 were used while the judge was tuned; the
report uses those from 2,000,000 on. A cell that is already complete is not run again, unless the policy or
the judge's code changed.
"""

import ast
import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import release.judge
from bench.judge.practices import practiced
from bench.judge.scenarios import BY_NAME, SCENARIOS
from bench.judge.streams import DURATION, draw
from bench.judge.trial import judged
from release.domain.policy import Policy

REPORT_SEED = 2_000_000
CHUNK = 25
DECISIVE = {
    Path(next(iter(release.judge.__path__))): (
        "bets",
        "cells",
        "counting",
        "judge",
        "noise",
        "process",
        "questions",
        "table",
    ),
    Path(__file__).parent: ("practices", "scenarios", "servers", "streams", "trial"),
}
"""The modules on which an outcome depends."""
COLLECTION = {"grace_seconds", "settle_seconds", "clock_seconds"}
"""Keys of the policy that the benchmark does not use: its blocks are complete."""
FOLDER = Path(".build/bench/judge")


@dataclass(frozen=True)
class Cell:
    """Runs of one scenario at one traffic."""

    scenario: str
    rate: float
    weight: float
    runs: int
    duration: float = DURATION
    practices: bool = False

    @property
    def name(self) -> str:
        """A file name."""
        words = "".join(c if c.isalnum() else "-" for c in self.scenario)
        return f"{words}_{self.rate:g}rps_{100 * self.weight:g}pct"


RARE_EVENTS = ("A/A", "latency drift of the candidate, sd 5 %", "every minute 100x with probability 1/2")
"""Scenarios whose bar is near their rate: they get the most runs."""


def cells(scale: float = 1.0) -> list[Cell]:
    """What the report needs, the most important first; `scale` multiplies the number of runs."""

    def runs(count: int) -> int:
        return max(2, round(count * scale))

    found = []
    for scenario in SCENARIOS:
        many = 1000 if scenario.name in RARE_EVENTS else 200
        found.append(Cell(scenario.name, 50, 0.25, runs(many), practices=True))
    for scenario in SCENARIOS:
        many = 60 if scenario.good or scenario.edge else 200
        found.append(Cell(scenario.name, 50, 0.05, runs(many), practices=True))
    for rate, weights, count, duration in (
        (50.0, (0.5, 0.01), 20, DURATION),
        (10.0, (0.25, 0.5, 0.05, 0.01), 15, DURATION),
        (500.0, (0.25, 0.05, 0.01, 0.5), 5, 600.0),
    ):
        for weight in weights:
            found += [Cell(s.name, rate, weight, runs(count), duration) for s in SCENARIOS]
    return found


def fingerprint(policy: Policy) -> str:
    """Changes with the policy and with the code that decides an outcome; words about it do not count."""
    digest = hashlib.sha256(policy.model_dump_json(exclude=COLLECTION).encode())
    for folder, names in DECISIVE.items():
        for name in names:
            tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
            digest.update(ast.dump(_Wordless().visit(tree)).encode())
    return digest.hexdigest()[:12]


class _Wordless(ast.NodeTransformer):
    """Drops docstrings and the strings under attributes."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node


def run(wanted: list[Cell], policy: Policy, jobs: int, seed: int, folder: Path = FOLDER) -> Iterator[str]:
    """Run what is missing; yields a line of progress per cell."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = fingerprint(policy)
    with ProcessPoolExecutor(jobs) as pool:
        for index, cell in enumerate(wanted):
            path = folder / f"{cell.name}.json"
            if _complete(path, cell, mark, seed):
                continue
            started = time.monotonic()
            starts = range(0, cell.runs, CHUNK)
            tasks = [pool.submit(some, cell, policy, seed + s, min(CHUNK, cell.runs - s)) for s in starts]
            outcomes = [outcome for task in tasks for outcome in task.result()]
            record = {"cell": asdict(cell), "seed": seed, "fingerprint": mark, "outcomes": outcomes}
            path.write_text(json.dumps(record), encoding="utf-8")
            took = time.monotonic() - started
            yield f"{index + 1}/{len(wanted)} {cell.name}: {cell.runs} runs in {took:.0f} s"


def _complete(path: Path, cell: Cell, mark: str, seed: int) -> bool:
    if not path.exists():
        return False
    found = json.loads(path.read_text(encoding="utf-8"))
    return found["fingerprint"] == mark and found["seed"] == seed and len(found["outcomes"]) >= cell.runs


def some(cell: Cell, policy: Policy, seed: int, count: int) -> list[dict[str, Any]]:
    """`count` runs from `seed` on: our outcome and, where the cell asks for it, those of the practices."""
    scenario, outcomes = BY_NAME[cell.scenario], []
    for each in range(seed, seed + count):
        drawn = draw(each, cell.rate, cell.weight, scenario.change, cell.duration)
        late = scenario.change.onset > 0
        early = not (scenario.good or scenario.edge or late)
        outcome: dict[str, Any] = {"slipway": asdict(judged(drawn, policy, early))}
        if cell.practices:
            outcome |= {name: asdict(found) for name, found in practiced(drawn).items()}
        outcomes.append(outcome)
    return outcomes
