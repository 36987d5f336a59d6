"""`make bench-experiments`: experiments of known truth, looked at every minute, beside today's habits.

It writes docs/experiments-benchmark.md from the JSON of its runs; `ARGS=--report` does that alone. All of it
takes some ten minutes of one core.
"""

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import chi2, norm

from bench import markdown
from monitoring.experiments import assignment, shares
from monitoring.experiments.evidence import Block, Evidence
from monitoring.experiments.planner import Design, plan

FOLDER = Path(".build/bench/monitoring/experiments")
MONTH = 30 * 24 * 60
"""Looks in a month, one a minute."""
A_MINUTE = 20.0
"""New keys a minute, of both variants."""
DESIGN = Design(base=0.245, minimum=0.02)
SWING = 0.05
"""By so much the rate of both variants rises and falls within a day."""
LEAST = 100.0
"""Exposures of each variant before anybody would look at a z-test."""
KEYS = 20_000
EXPERIMENTS = 200


@dataclass
class Found:
    """At which look each run first said that there is a difference; infinite where it never did."""

    at: np.ndarray

    def note(self, look: int, says: np.ndarray) -> None:
        """What the runs say at a look."""
        self.at = np.where(says & np.isinf(self.at), look, self.at)

    @property
    def share(self) -> float:
        """Of the runs that said so."""
        return float(np.isfinite(self.at).mean())


def simulate(runs: int, lift: float, looks: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """So many experiments at once, a look a minute; with a lift until all have found it."""
    drawn = np.random.default_rng(seed)
    evidence = Evidence(np.zeros(2 * runs), np.repeat([1.0, -1.0], runs), DESIGN.effect)
    ours, peeked, at_the_end = (Found(np.full(runs, np.inf)) for _ in range(3))
    unequal = np.zeros(runs)
    totals = np.zeros((4, runs))
    needed, critical = math.log(2 / DESIGN.alpha), norm.isf(DESIGN.alpha / 2)
    planned = plan(DESIGN).one_look
    for look in range(1, looks + 1):
        base = DESIGN.base + SWING * math.sin(2 * math.pi * look / 1440)
        new = drawn.poisson(A_MINUTE, runs)
        candidate = drawn.binomial(new, DESIGN.percent / 100)
        yes = drawn.binomial(candidate, base + lift)
        columns = np.stack([candidate, yes, new - candidate, drawn.binomial(new - candidate, base)])
        totals += columns
        evidence.add(Block(*np.tile(columns.astype(float), 2)))
        ours.note(look, evidence.most.reshape(2, runs).max(axis=0) >= needed)
        z = _z(totals)
        peeked.note(look, (np.abs(z) >= critical) & (np.minimum(totals[0], totals[2]) >= LEAST))
        was_before = totals[0] + totals[2] - new < planned
        ends = was_before & (totals[0] + totals[2] >= planned)
        at_the_end.note(look, ends & (np.abs(z) >= critical))
        if look % 60 == 0:
            unequal = np.maximum(unequal, _unequal(totals))
        if look % 7_200 == 0:
            say(f"lift {lift:g}: day {look // 1440}, {ours.share:.3f} found, {peeked.share:.3f} by peeking")
        if lift and np.isfinite(ours.at).all():
            break
    return {
        "runs": runs,
        "lift": lift,
        "looks": look,
        "seed": seed,
        "ours": _plain(ours.at),
        "peeked": _plain(peeked.at),
        "at_the_end": _plain(at_the_end.at),
        "unequal": int((unequal >= math.log(1 / shares.ALPHA)).sum()),
    }


def _z(totals: np.ndarray) -> np.ndarray:
    n_c, x_c, n_b, x_b = np.maximum(totals, [[1.0], [0.0], [1.0], [0.0]])
    pooled = (x_c + x_b) / (n_c + n_b)
    spread = np.sqrt(np.maximum(pooled * (1 - pooled) * (1 / n_c + 1 / n_b), 1e-12))
    return (x_c / n_c - x_b / n_b) / spread


def _unequal(totals: np.ndarray) -> np.ndarray:
    pairs = zip(totals[0], totals[2], strict=True)
    return np.array([shares.log_evidence(candidate, live, DESIGN.percent) for candidate, live in pairs])


def _plain(looks: np.ndarray) -> list[int | None]:
    return [int(look) if math.isfinite(look) else None for look in looks]


def assign() -> dict[str, Any]:
    """Keys of many experiments at several shares: how even, and whether anything moves that must not."""
    experiments = [f"{number:012x}" for number in range(1, EXPERIMENTS + 1)]
    keys = [f"user-{number}" for number in range(KEYS)]
    counts = {percent: [_candidates(name, keys, percent) for name in experiments] for percent in (5, 10, 50)}
    one = experiments[0]
    at = {
        percent: {key for key in keys if assignment.arm(one, key, percent) == "candidate"}
        for percent in range(1, 100)
    }
    left = sum(len(at[percent] - at[percent + 1]) for percent in range(1, 99))
    program = (
        "from monitoring.experiments.assignment import arm;"
        f"print(sum(arm({one!r}, f'user-{{n}}', 50) == 'candidate' for n in range({KEYS})))"
    )
    again = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {
        "keys": KEYS,
        "counts": counts,
        "left_when_it_grew": left,
        "another_process": int(again.stdout),
        "this_process": len(at[50]),
    }


def _candidates(experiment: str, keys: list[str], percent: int) -> int:
    return sum(assignment.arm(experiment, key, percent) == "candidate" for key in keys)


PAGE = """# Experiments, measured

Written by `make bench-experiments` from the runs in `.build/bench/monitoring/experiments/`; do not edit. The
program is `bench/monitoring/experiments.py`; [experiments.md](experiments.md) explains the method.

## Two equal releases, looked at every minute for a month

{runs} experiments, {looks} looks each, {a_minute:g} new keys a minute, outcome {base} % on both sides and
{swing:g} points up and down within each day. Share that ever said there is a difference, at a stated
{alpha:g} %:

{equal}

The shares of the variants were called wrong in {unequal} of {runs} (stated: at most .1 %).

## A candidate that is two points better

{lifted_runs} experiments of {base} % beside {better} %, a look a minute until it is found. The planner said
{median} keys in the median, and {power} for 80 % of them.

{lifted}

Ours took {ratio:.2f} times the planner's median (bar: at most 1.3), and {one_look:.2f} times what a test with
one look needs for 80 %. It has found it at all in {found:.1f} % of the runs within {most_looks} looks.

## Who gets which variant

{keys} keys in each of {experiments} experiments. Chi-square of the split, one degree of freedom: of so many
tests some 5 % are below p = .05 where the split is right.

{assigned}

At 50 % a fresh process assigned {another} keys to the candidate, this one {this}. While the share grew from
1 % to 99 %, one point at a time, {left} keys that were in the candidate left it.
"""


def report(folder: Path) -> str:
    """The page."""
    equal, lifted, assigned = (json.loads((folder / f"{name}.json").read_text()) for name in NAMES)
    wanted = plan(DESIGN)
    keys = [_keys(look) for look in lifted["ours"]]
    median = float(np.median(keys))
    return PAGE.format(
        runs=f"{equal['runs']:,}",
        looks=f"{equal['looks']:,}",
        a_minute=A_MINUTE,
        base=f"{DESIGN.base:.1%}".rstrip("%"),
        better=f"{DESIGN.base + DESIGN.minimum:.1%}".rstrip("%"),
        swing=SWING * 100,
        alpha=DESIGN.alpha * 100,
        equal=markdown.table(
            ("test", "said so", "of runs", "false positives"),
            [_row(name, equal[key]) for key, name in TESTS.items()],
        ),
        unequal=equal["unequal"],
        lifted_runs=f"{lifted['runs']:,}",
        median=f"{wanted.median:,.0f}",
        power=f"{wanted.exposures:,.0f}",
        lifted=markdown.table(
            ("keys until it was found", "10 %", "median", "80 %", "90 %"),
            [
                (
                    "always-valid, a look a minute",
                    *(f"{np.quantile(keys, q):,.0f}" for q in (0.1, 0.5, 0.8, 0.9)),
                )
            ],
        ),
        ratio=median / wanted.median,
        one_look=median / wanted.one_look,
        found=100 * sum(look is not None for look in lifted["ours"]) / lifted["runs"],
        most_looks=f"{lifted['looks']:,}",
        keys=f"{assigned['keys']:,}",
        experiments=EXPERIMENTS,
        assigned=markdown.table(
            ("share", "candidate's keys in all", "p below .05", "least p", "p of all together"),
            [_split(int(percent), counts) for percent, counts in assigned["counts"].items()],
        ),
        another=f"{assigned['another_process']:,}",
        this=f"{assigned['this_process']:,}",
        left=assigned["left_when_it_grew"],
    )


NAMES = ("equal", "lifted", "assigned")
TESTS = {
    "ours": "always-valid, a look a minute",
    "peeked": "z-test, a look a minute",
    "at_the_end": "z-test, one look at the planned number",
}


def _keys(look: int | None) -> float:
    return math.inf if look is None else look * A_MINUTE


def _row(name: str, looks: list[int | None]) -> tuple[str, ...]:
    said = sum(look is not None for look in looks)
    return name, f"{said:,}", f"{len(looks):,}", f"{said / len(looks):.1%}"


def _split(percent: int, counts: list[int]) -> tuple[str, ...]:
    share = percent / 100
    seen = np.array(counts)
    statistic = (seen - KEYS * share) ** 2 / (KEYS * share * (1 - share))
    p = chi2.sf(statistic, 1)
    together = chi2.sf(statistic.sum(), len(counts))
    whole = seen.sum() / (KEYS * len(counts))
    return f"{percent} %", f"{whole:.3%}", f"{(p < 0.05).mean():.1%}", f"{p.min():.4f}", f"{together:.2f}"


def main() -> None:
    """Parse, run, report."""
    parser = argparse.ArgumentParser(prog="make bench-experiments", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--looks", type=int, default=MONTH, help="of a minute each")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--report", action="store_true", help="run nothing, report what there is")
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    args = parser.parse_args()
    if not args.report:
        FOLDER.mkdir(parents=True, exist_ok=True)
        parts = (
            lambda: simulate(args.runs, 0.0, args.looks, args.seed, print),
            lambda: simulate(args.runs, DESIGN.minimum, args.looks, args.seed + 1, print),
            assign,
        )
        for name, part in zip(NAMES, parts, strict=True):
            (FOLDER / f"{name}.json").write_text(json.dumps(part()))
    page = args.docs / "experiments-benchmark.md"
    page.write_text(report(FOLDER), encoding="utf-8")
    print(f"wrote {page}")


if __name__ == "__main__":
    main()
