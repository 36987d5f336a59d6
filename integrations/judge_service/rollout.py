"""One rollout: its evidence in a file that only grows, and the verdict that follows from that file alone.

What is kept is what is judged, in the same order: a line is folded once it is on disk. So a process that
starts anew comes to the same verdict, and `./slipway judge --as-it-came --windows FILE` does too.
"""

import math
import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from integrations.judge_service.answers import Answer, Standing, answer
from integrations.judge_service.keys import Key
from integrations.judge_service.records import taken
from release.domain.policy import Policy
from release.judge import quiet
from release.judge.fold import Fold

APART_SECONDS = 3600.0
"""Where one variant has been silent for so long, the other's windows say nothing of a rollout any more."""

SAME_SECONDS = 5.0
"""A question that comes again so soon is the same one, whose answer was lost."""
CLOSED = -1
"""No file's descriptor."""


class EvidenceFull(Exception):
    """The evidence of a rollout has reached its bound."""


class NotOpen(Exception):
    """Another rollout took its place while evidence for it was under way."""


class Rollout:
    """Takes lines, tells the verdict; several threads may ask at once."""

    def __init__(self, key: Key, file: Path, policy: Policy, most_bytes: int) -> None:
        self.key, self.file = key, file
        self.missing = ""
        """Why the last minute of Prometheus brought no evidence; empty where it did."""
        self._policy, self._most = policy, most_bytes
        self._lock = threading.Lock()
        self._fold = Fold(policy)
        kept = whole_lines(file)
        for line in kept:
            self._fold.add(line)
        self._seen = dict(self._fold.evidence.reported)
        """Until when each variant's windows are that came, kept or not."""
        self._came: float | None = time.monotonic() if kept and quiet.seconds(kept[-1]) is None else None
        """When lines came last, until it was written that nothing came for a while."""
        self._descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._size = os.fstat(self._descriptor).st_size
        self._full = self._size >= most_bytes

    def take(self, body: str, now: float) -> tuple[int, int]:
        """How many records of a posted body are evidence, and how many were passed over.

        Raises NotOpen and EvidenceFull, ValueError for no JSON list, OSError where nothing could be kept.
        """
        found = taken(body, self.key, now)
        with self._lock:
            if self._descriptor == CLOSED:
                raise NotOpen
            for variant, end in found.ends.items():
                self._seen[variant] = max(self._seen.get(variant, 0.0), end)
            if self._over():
                return 0, len(found.lines) + found.passed_over
            self._keep(found.lines)
            if found.lines:
                self._came = time.monotonic()
        return len(found.lines), found.passed_over

    def answer(self, now: float) -> Answer:
        """What is told now. Raises OSError where that nothing came cannot be kept."""
        with self._lock:
            if self._came and time.monotonic() - self._came >= self._fold.stays_open:
                self._came = None
                if not self._full and self._descriptor != CLOSED:
                    with suppress(EvidenceFull):
                        self._keep([quiet.line(self._fold.stays_open)])
            # A window that was set aside makes no verdict fresh.
            ends = self._fold.evidence.reported
            both = min(ends.values()) if len(ends) == 2 else -math.inf
            return answer(self.key, self._fold.verdict(), Standing(now - both, self._full), self._policy)

    def first_increase(self) -> bool:
        """Whether this is the one increase of traffic that no evidence can come before. Raises OSError.

        Flagger asks before the first traffic, too. Whoever asks again without evidence waits, so that what
        never arrives gives nobody more traffic than the first step's.
        """
        with self._lock:
            if self._fold.verdict().requests:
                return False
            marker = self.file.with_suffix(".begun")
            if marker.exists():
                return abs(time.time() - marker.stat().st_mtime) < SAME_SECONDS
            marker.touch()
            return True

    def close(self) -> Answer:
        """Let go of the file, what is in it stays; returns what it stood at, which changes no more."""
        with self._lock:
            os.close(self._descriptor)
            self._descriptor = CLOSED
            verdict = self._fold.verdict()
            return Answer(self.key, verdict.decision, verdict.because, verdict)

    def _over(self) -> bool:
        return len(self._seen) == 2 and max(self._seen.values()) - min(self._seen.values()) > APART_SECONDS

    def _keep(self, lines: Iterable[str]) -> None:
        kept = list(lines)
        data = "".join(f"{line}\n" for line in kept).encode()
        if self._size + len(data) > self._most:
            self._full = True
            raise EvidenceFull(f"the evidence of this rollout has {self._size:,} bytes, of {self._most:,}")
        # What was written in part, and could not be taken back, would spoil the next line.
        if os.fstat(self._descriptor).st_size != self._size:
            os.ftruncate(self._descriptor, self._size)
        try:
            if os.write(self._descriptor, data) != len(data):
                raise OSError("the disk is full")
            os.fdatasync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(data)
        for line in kept:
            self._fold.add(line)


def whole_lines(file: Path) -> list[str]:
    """The lines of the file; the beginning of one that was being written when a process died is cut off."""
    if not file.exists():
        return []
    data = file.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        with file.open("r+b") as stream:
            stream.truncate(whole)
    # A byte that the disk spoiled spoils its own line alone.
    return [line.decode(errors="replace") for line in data[:whole].split(b"\n")[:-1]]
