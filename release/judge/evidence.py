"""From windows to blocks, whatever order they come in and whatever is missing, double, late or misdated.

A block is what both variants counted in the same `block_seconds`. During a rollout it is *sealed*, in
order, when every worker that reported lately has reported through it without a gap, or when `grace_seconds`
of newer windows have passed; a window for a sealed block is set aside. So the order of arrival within the
grace does not matter, and a block that was judged never changes: a verdict stays valid, and the same evidence
gives it again. Recorded evidence is put in order of time first (`in_order`): nothing in
it is late.

There is no clock here: time is what the windows say, or what the caller passes.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from release.domain.policy import Policy
from release.judge import quiet
from release.judge.cells import empty
from release.judge.judge import Block
from release.judge.windows import VARIANTS, Refusal, Refused, Window, parse_line

LONGEST_BLOCKS = 24
"""A window that spans more blocks than this (two minutes) says too little about when its requests were."""
MAX_AHEAD = 20_000
"""A silence is filled with empty blocks, but with no more than this many (a day of them)."""


@dataclass
class _Open:
    """A block that still waits for windows."""

    windows: list[Window] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)


class _Worker:
    """Until when a worker has reported without a gap; windows that came too early wait for those before."""

    def __init__(self, window: Window) -> None:
        self.until = window.end
        self._early: list[tuple[float, float]] = []

    def report(self, window: Window, tolerance: float) -> None:
        """Take a window into account; its start may miss the end of the one before by `tolerance`."""
        self._early.append((window.start, window.end))
        self._early.sort()
        while self._early and self._early[0][0] <= self.until + tolerance:
            self.until = max(self.until, self._early.pop(0)[1])

    def give_up(self, moment: float) -> bool:
        """Wait no longer for windows older than `moment`; returns whether a later one was reported."""
        if self._early and self.until < moment:
            self.until = max(end for _, end in self._early)
            self._early.clear()
        return self.until > moment


class Evidence:
    """Collects windows; `take` returns the blocks that were sealed by now, each once and in order.

    `around` is any moment of the rollout, in seconds since the epoch: a window too far from it was made by a
    wrong clock. Without it, the first window's time is taken.
    """

    def __init__(self, policy: Policy, around: float | None = None) -> None:
        self.policy = policy
        self.around = around
        self.set_aside: Counter[str] = Counter()
        self.reasons: dict[str, str] = {}
        """The first example of each refusal, in words."""
        self._open: dict[int, _Open] = {}
        self._scores_of: tuple[float, float] | None = None
        self._next: int | None = None
        self.newest = -math.inf
        """The latest end of a window, seconds since 1970."""
        self.reported: dict[str, float] = {}
        """The same of each variant; a window that was set aside reports nothing."""
        self._workers: dict[tuple[str, str], _Worker] = {}
        self._ended: set[tuple[str, str]] = set()
        """Workers that said that they end: nobody waits for them."""

    def refuse(self, refused: Refused) -> None:
        """Name and count a window that cannot be used."""
        self.set_aside[refused.refusal.value] += 1
        self.reasons.setdefault(refused.refusal.value, str(refused))

    def add_line(self, line: str, stream: str = "") -> Window | None:
        """Add a line of JSON from a log stream; one that makes no sense is set aside, named and counted."""
        try:
            window = parse_line(line, stream)
            self.add(window)
        except Refused as refused:
            self.refuse(refused)
            return None
        return window

    def add(self, window: Window) -> None:
        """Add a window. Raises Refused when it cannot be used."""
        length = self.policy.block_seconds
        self._check_time(window, length)
        index = math.floor(window.middle / length)
        if self._next is not None and index < self._next:
            raise Refused(Refusal.LATE, f"its block was judged before; window {window.id!r}")
        if window.scores_of is not None:
            self._scores_of = self._scores_of or window.scores_of
            if window.scores_of != self._scores_of:
                raise Refused(Refusal.RANGE, f"{window.scores_of}, and those before of {self._scores_of}")
        block = self._open.setdefault(index, _Open())
        if window.id in block.ids:
            raise Refused(Refusal.DUPLICATE, f"window {window.id!r} came before")
        block.ids.add(window.id)
        block.windows.append(window)
        key = (window.variant, window.worker)
        if window.last:
            self._ended.add(key)
            self._workers.pop(key, None)
        elif window.worker and key not in self._ended:
            self._workers.setdefault(key, _Worker(window)).report(window, length / 2)
        self.newest = max(self.newest, window.end)
        self.reported[window.variant] = max(self.reported.get(window.variant, -math.inf), window.end)
        self.set_aside.update(window.set_aside)

    def _check_time(self, window: Window, length: float) -> None:
        if window.end - window.start > LONGEST_BLOCKS * length:
            raise Refused(Refusal.INTERVAL, f"it spans {window.end - window.start:g} s")
        if self.around is None:
            self.around = window.middle
        off = window.middle - self.around
        if self._next is not None and window.middle > self._next * length:
            # A rollout that takes days is about the block that it has come to, too.
            off = min(off, window.middle - self._next * length)
        if abs(off) > self.policy.clock_seconds:
            raise Refused(Refusal.CLOCK, f"window {window.id!r} is {off:+.0f} s from the rollout")

    def take(self, finished: bool = False, now: float = -math.inf) -> list[Block]:
        """Blocks sealed since the last call; with `finished`, all that are left.

        `now` is the time by the caller's clock. Without it, time passes only as windows come.
        """
        if not self._open:
            return []
        length = self.policy.block_seconds
        soonest = max(self.newest, now) - min(self.policy.settle_seconds, self.policy.grace_seconds)
        if not finished and self._next is not None and soonest < (self._next + 1) * length:
            return []
        last = max(self._open) + 1
        if not finished:
            last = min(last, math.floor(self._complete_until(now) / length + 1e-9))
        first = min(self._open) if self._next is None else self._next
        first = max(first, last - MAX_AHEAD)
        sealed = [self._seal(index) for index in range(first, last)]
        if last > first:
            self._next = last
            self._open = {index: block for index, block in self._open.items() if index >= last}
        return sealed

    def _seal(self, index: int) -> Block:
        counts = {variant: empty() for variant in VARIANTS}
        for window in self._open[index].windows if index in self._open else ():
            counts[window.variant][window.cells] += window.counts
        return Block(counts["candidate"], counts["live"])

    def _complete_until(self, now: float) -> float:
        """The moment up to which no window is waited for."""
        latest = max(self.newest, now)
        patience = latest - self.policy.grace_seconds
        self._workers = {key: worker for key, worker in self._workers.items() if worker.give_up(patience)}
        if {variant for variant, _ in self._workers} != set(VARIANTS):
            # A variant that is silent may be about to report; its first window must not come too late.
            return patience
        reported = min(worker.until for worker in self._workers.values())
        return max(patience, min(reported, latest - self.policy.settle_seconds))


def in_order(lines: Iterable[str], policy: Policy) -> tuple[list[Block], Evidence]:
    """All blocks of recorded windows, in whatever order the lines are, and what was set aside.

    The median of the windows' times is taken for the time of the rollout, to know a wrong clock by.
    """
    windows, refusals = [], []
    for line in lines:
        if quiet.seconds(line) is not None:
            continue
        try:
            windows.append(parse_line(line))
        except Refused as refused:
            refusals.append(refused)
    around = median(window.middle for window in windows) if windows else None
    evidence = Evidence(policy, around)
    for window in windows:
        try:
            evidence.add(window)
        except Refused as refused:
            refusals.append(refused)
    for refused in refusals:
        evidence.refuse(refused)
    return evidence.take(finished=True), evidence
