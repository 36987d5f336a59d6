"""Whether an update moved speed, size or predictions, and whether it may be kept. Pure.

Speed moved when the medians differ by more than 5 %, and by more than an image's rounds among themselves.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from statistics import median
from typing import Any

from model.image.record import Record
from model.image.update.trial import Measured

SPEED_MOVED = 0.05
SLOWER_REFUSED = 0.10
SIZE_MOVED = 0.01
SIZE_LIMIT = 150_000_000
"""Bytes of the image without its base, compressed."""


class State(StrEnum):
    """What a comparison says. Only REFUSED and UNCLEAR stand in the way of an update."""

    SAME = "same"
    MOVED = "moved"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    """The rounds differ so much among themselves that a change to refuse could hide in it."""


@dataclass(frozen=True)
class Finding:
    """One thing that was compared."""

    what: str
    state: State
    text: str

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def findings(
    images: tuple[Record, Record], measured: tuple[Measured, Measured], tolerance: float
) -> list[Finding]:
    """What moved from the first to the second; `tolerance` is the largest difference of a score, absolute."""
    before, after = measured
    return [
        _predictions(before, after, tolerance),
        *(_speed(case, before.rates(case), after.rates(case)) for case in before.loads),
        _errors(after),
        _size(*images),
        _told("start", "s", before.starts, after.starts),
        _told("memory", "MiB", before.memory, after.memory),
    ]


def _predictions(before: Measured, after: Measured, tolerance: float) -> Finding:
    what, rows = "predictions", f"over {len(after.scores):,} rows"
    if after.mismatches:
        return Finding(what, State.REFUSED, f"moved: {'; '.join(after.mismatches)}")
    if not after.scores or len(before.scores) != len(after.scores):
        return Finding(what, State.REFUSED, f"{len(after.scores)} scores, before {len(before.scores)}")
    steps = [abs(one - other) for one, other in zip(before.scores, after.scores, strict=True)]
    # asked this way, a score that is no number counts as moved
    if not all(step <= tolerance for step in steps):
        return Finding(what, State.REFUSED, f"moved by up to {max(steps):.2g} {rows}")
    if not max(steps):
        return Finding(what, State.SAME, f"the same to the last bit {rows}; golden requests match")
    return Finding(what, State.MOVED, f"within {max(steps):.2g} {rows}; golden requests match")


def _speed(case: str, before: Sequence[float], after: Sequence[float]) -> Finding:
    old, new = median(before), median(after)
    change = new / old - 1 if old else 0.0
    noise = max(_spread(before), _spread(after))
    text = f"{old:,.0f} -> {new:,.0f} a second ({change:+.1%}; rounds differ by up to {noise:.1%})"
    state = State.SAME
    if abs(change) > max(SPEED_MOVED, noise):
        state = State.REFUSED if change < -SLOWER_REFUSED else State.MOVED
    elif noise > SLOWER_REFUSED:
        state = State.UNCLEAR
    return Finding(f"speed, {case}", state, text)


def _spread(rates: Sequence[float]) -> float:
    middle = median(rates)
    return (max(rates) - min(rates)) / 2 / middle if middle else 0.0


def _errors(after: Measured) -> Finding:
    count = sum(load.errors for loads in after.loads.values() for load in loads)
    state = State.REFUSED if count else State.SAME
    return Finding("errors under load", state, f"{count} answers were no scores")


def _size(before: Record, after: Record) -> Finding:
    old, new = (sum(layer.size for layer in image.own) for image in (before, after))
    change = new / old - 1
    text = f"{old / 1e6:.1f} -> {new / 1e6:.1f} MB without base, compressed ({change:+.1%})"
    state = State.MOVED if abs(change) > SIZE_MOVED else State.SAME
    return Finding("size", State.REFUSED if new >= SIZE_LIMIT else state, text)


def _told(what: str, unit: str, before: Sequence[float], after: Sequence[float]) -> Finding:
    """What is told and refuses nothing: too few values to decide by."""
    old, new = median(before), median(after)
    return Finding(what, State.SAME, f"{old:.2f} -> {new:.2f} {unit} ({new / old - 1:+.1%})")
