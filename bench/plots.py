"""How the plots of all benches look, and how they are written: byte for byte the same from the same data."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib.figure import Figure
from matplotlib.pyplot import close


def style() -> None:
    """Set the look of all plots that follow."""
    mpl.rcParams.update(
        {"svg.hashsalt": "slipway", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    )


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG, without the time at which it was made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    close(figure)
