"""The plot of docs/serving-benchmark.md: requests a second of every server, on a log axis."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from bench import plots
from bench.serving import figures as f
from bench.serving.results import Kind, Results

COLORS = {
    Kind.OURS: "#1b6ca8",
    Kind.SKLEARN: "#e07a1f",
    Kind.BATCHING: "#e9b872",
    Kind.GRAPH: "#6a994e",
    Kind.NOTHING: "#9a9a9a",
}
SIZES = (1, 32, 1000)
_ROOM = 4.0
"""The axis goes on this far beyond the quickest, for its label."""


def write(results: Results, path: Path) -> None:
    """Writes the plot as SVG, byte for byte the same from the same results."""
    plots.style()
    sizes = [rows for rows in SIZES if any(f.rate(s, f.JSON, rows) for s in results.servers)]
    most = max(len(_bars(results, rows)) for rows in sizes)
    figure, axes = plt.subplots(1, len(sizes), figsize=(4.4 * len(sizes), 0.26 * most + 1.4), squeeze=False)
    for rows, axis in zip(sizes, axes.flat, strict=True):
        _panel(axis, results, rows, most)
    shown = [kind for kind in COLORS if any(s.kind is kind and s.rounds for s in results.servers)]
    handles = [Patch(color=COLORS[kind], label=str(kind)) for kind in shown]
    figure.legend(handles=handles, loc="lower center", ncols=len(handles), frameon=False)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    plots.save(figure, path)


def _bars(results: Results, rows: int) -> list[tuple[str, Kind, float]]:
    """Names, kinds and rates, the quickest first."""
    known = [(s.name.partition(",")[0], s.kind, f.rate(s, f.JSON, rows)) for s in results.servers]
    return sorted(((n, k, r) for n, k, r in known if r), key=lambda bar: -bar[2])


def _panel(axis: Axes, results: Results, rows: int, most: int) -> None:
    bars = _bars(results, rows)
    places = np.arange(len(bars))
    axis.barh(places, [rate for _, _, rate in bars], 0.72, color=[COLORS[kind] for _, kind, _ in bars])
    for place, (_, _, rate) in zip(places, bars, strict=True):
        axis.text(rate * 1.08, float(place), f"{rate:,.0f}", va="center", fontsize=7)
    axis.set_yticks(places, [name for name, _, _ in bars], fontsize=7)
    axis.set_ylim(most - 0.4, -0.6)
    axis.set_xscale("log")
    axis.set_xlim(min(rate for _, _, rate in bars) / 2, max(rate for _, _, rate in bars) * _ROOM)
    axis.set_title(f"{rows:,} {'row' if rows == 1 else 'rows'} of JSON", fontsize=9)
    axis.set_xlabel("requests per second, log")
