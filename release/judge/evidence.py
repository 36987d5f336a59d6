"""Windows to blocks: order, duplicates, late and missing windows, clocks, workers that come and go.

A block is what both variants counted in the same `block_seconds`. It is *sealed*, in order, when every
worker that reported lately has reported beyond it, or when `grace_seconds` of newer windows have passed; a
window for a sealed block is set aside. So arrival order within the grace does not matter, and a verdict
once given is never computed again from other data: what makes peeking valid also makes it reproducible.

There is no clock here: time is what the windows say.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from release.judge.cells import Counts, empty
from release.judge.judge import Block
from release.judge.policy import Policy
from release.judge.windows import VARIANTS, Refusal, Refused, Window, parse_line

LONGEST_BLOCKS = 24
"""A window over more blocks than this (two minutes) cannot be compared in time."""
MAX_AHEAD = 100_000
"""Open blocks held at most (six days of silence): beyond, the gap is skipped."""


@dataclass
class _Open:
    live: Counts = field(default_factory=empty)
    candidate: Counts = field(default_factory=empty)
    ids: set[str] = field(default_factory=set)


class Evidence:
    """Collects windows; `take` returns the blocks that were sealed by now, each once and in order.

    `around` is a moment of the rollout (seconds since the epoch), to tell a wrong clock; without one, the
    first window sets it.
    """

    def __init__(self, policy: Policy, around: float | None = None) -> None:
        self.policy = policy
        self.around = around
        self.set_aside: Counter[str] = Counter()
        self.reasons: dict[str, str] = {}
        """The first example of each refusal, in words."""
        self._open: dict[int, _Open] = {}
        self._next: int | None = None
        self._newest = -math.inf
        self._workers: dict[tuple[str, str], float] = {}

    def add_line(self, line: str) -> Window | None:
        """Add a line of JSON; one that makes no sense is set aside, named and counted."""
        try:
            window = parse_line(line)
            self.add(window)
        except Refused as refused:
            self.set_aside[refused.refusal.value] += 1
            self.reasons.setdefault(refused.refusal.value, str(refused))
            return None
        return window

    def add(self, window: Window) -> None:
        """Add a window. Raises Refused when it cannot be used."""
        length = self.policy.block_seconds
        self._check_time(window, length)
        index = math.floor(window.middle / length)
        if self._next is not None and index < self._next:
            raise Refused(Refusal.LATE, f"its block was judged before; window {window.id!r}")
        block = self._open.setdefault(index, _Open())
        if window.id in block.ids:
            raise Refused(Refusal.DUPLICATE, f"window {window.id!r} came before")
        block.ids.add(window.id)
        side = block.live if window.variant == "live" else block.candidate
        side[window.cells] += window.counts
        worker = (window.variant, window.worker)
        self._workers[worker] = max(window.end, self._workers.get(worker, -math.inf))
        self._newest = max(self._newest, window.end)

    def _check_time(self, window: Window, length: float) -> None:
        if window.end - window.start > LONGEST_BLOCKS * length:
            raise Refused(Refusal.INTERVAL, f"it spans {window.end - window.start:g} s")
        if self.around is None:
            self.around = window.middle
        off = window.middle - self.around
        if abs(off) > self.policy.clock_seconds:
            raise Refused(Refusal.CLOCK, f"window {window.id!r} is {off:+.0f} s from the rollout")

    def take(self, finished: bool = False) -> list[Block]:
        """Blocks sealed since the last call; with `finished`, all that are left."""
        if not self._open:
            return []
        length = self.policy.block_seconds
        last = max(self._open) + 1 if finished else math.floor(self._complete_until() / length + 1e-9)
        first = min(self._open) if self._next is None else self._next
        first = max(first, last - MAX_AHEAD)
        sealed = []
        for index in range(first, last):
            held = self._open.pop(index, None) or _Open()
            sealed.append(Block(held.candidate, held.live))
        if last > first:
            self._next = last
        return sealed

    def _complete_until(self) -> float:
        """The moment up to which no window is waited for."""
        patience = self._newest - self.policy.grace_seconds
        self._workers = {key: end for key, end in self._workers.items() if end > patience}
        if {variant for variant, _ in self._workers} != set(VARIANTS):
            # A variant that is silent may be about to report; its first window must not come too late.
            return patience
        return min(self._workers.values())


def blocks_of(windows: Iterable[Window], policy: Policy) -> Iterator[Block]:
    """All blocks of recorded windows that are in any order. Windows that cannot be used raise Refused."""
    evidence = Evidence(policy)
    for window in windows:
        evidence.add(window)
    yield from evidence.take(finished=True)
