"""The plots of docs/judge.md, from the JSON of the runs and from a few seeded runs drawn again."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bench import plots
from bench.judge.report import NAMES, Results
from bench.judge.scenarios import BY_NAME
from bench.judge.streams import BLOCK, HISTORY, counts, draw
from release.domain.policy import Policy
from release.judge.judge import Block, Judge

COLORS = dict(zip(NAMES, ("#1b6ca8", "#e07a1f", "#6a994e", "#9c6ade", "#a4243b"), strict=True))
SHOWN = (
    "errors .1 -> 1 %",
    "p50 +10 %",
    "p99 x3",
    "1 of 70 at 100x",
    "score shift PSI .3",
    "every minute 100x with probability 1/2",
)
GOOD = ("A/A", "incident on both", "metric gaps", "score shift PSI .05", "error bursts up to 20")
PATHS = ("A/A", "errors .1 -> 1 %", "latency drift of the candidate, sd 5 %", "p50 +10 %")


def write(folder: Path, out: Path) -> None:
    """Write all plots as SVG into `out`, byte for byte the same from the same runs."""
    plots.style()
    results = Results(folder)
    _detection(results, out / "judge-detection.svg")
    _false_rollbacks(results, out / "judge-false-rollbacks.svg")
    _paths(out / "judge-paths.svg")


def _save(figure: plt.Figure, path: Path) -> None:
    figure.tight_layout()
    plots.save(figure, path)


def _detection(results: Results, path: Path) -> None:
    """Share of runs failed by a time, for each judge."""
    figure, axes = plt.subplots(2, 3, figsize=(10, 5), sharex=True, sharey=True)
    for name, axis in zip(SHOWN, axes.flat, strict=True):
        for who in NAMES:
            found = results.get(name, who=who)
            if found:
                times = np.sort([o["failed"] for o in found.outcomes if o["failed"] is not None])
                shares = 100 * np.arange(1, times.size + 1) / found.runs
                end = shares[-1] if times.size else 0
                axis.step([0, *times, 1800], [0, *shares, end], where="post", color=COLORS[who], label=who)
        axis.set_title(name, fontsize=8)
        axis.set_xscale("symlog", linthresh=10)
        axis.set_xlim(0, 1800)
    handles = [Line2D([], [], color=COLORS[who], label=who) for who in NAMES]
    axes[0, 1].legend(handles=handles, frameon=False, fontsize=7, loc="upper left")
    figure.supxlabel("seconds since the candidate's first request (25 % of 50 requests/s)")
    figure.supylabel("% of runs failed")
    _save(figure, path)


def _false_rollbacks(results: Results, path: Path) -> None:
    figure, axis = plt.subplots(figsize=(10, 3))
    for offset, who in enumerate(NAMES):
        found = [results.get(name, who=who) for name in GOOD]
        heights = [100 * r.share("failed") if r else 0 for r in found]
        axis.bar(np.arange(len(GOOD)) + 0.16 * (offset - 2), heights, 0.15, color=COLORS[who], label=who)
    axis.set_xticks(range(len(GOOD)), GOOD)
    axis.set_ylabel("% rolled back, wrongly")
    axis.legend(frameon=False, fontsize=7)
    _save(figure, path)


def _paths(path: Path) -> None:
    """The evidence of twelve runs each: what a verdict's thresholds are compared with."""
    figure, axes = plt.subplots(1, 4, figsize=(10, 2.8), sharey=True)
    for name, axis in zip(PATHS, axes, strict=True):
        for seed in range(12):
            _one_path(axis, name, seed)
        axis.axhline(100, color="black", linewidth=0.8)
        axis.set_title(name, fontsize=8)
        axis.set_yscale("log")
        axis.set_ylim(1e-2, 1e4)
    axes[0].set_ylabel("FAIL evidence (1/alpha = 100 fails)")
    figure.supxlabel("seconds")
    _save(figure, path)


def _one_path(axis: Axes, name: str, seed: int) -> None:
    run = draw(seed, 50, 0.25, BY_NAME[name].change, 600.0)
    fold = Judge(Policy())
    values = []
    for live, candidate in zip(
        counts(run.live, run.lost_live), counts(run.candidate, run.lost_candidate), strict=True
    ):
        fold.add(Block(candidate, live))
        values.append(np.exp(min(fold.log_fail(), 20)))
        if fold.failed:
            break
    times = np.arange(1, len(values) + 1) * BLOCK - HISTORY
    axis.plot(times[12:], values[12:], linewidth=0.7, color=COLORS["slipway"], alpha=0.7)
