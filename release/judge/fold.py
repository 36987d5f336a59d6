"""Windows in the order in which they come, folded into verdicts: what a rollout does, and whoever replays it.

A line is a window, or an event of CloudWatch Logs as JSON (docs/telemetry.md), or says that none came for a
while (`quiet.py`). There is no clock here, so the
same lines in the same order give the same verdicts, bit for bit.
"""

from collections.abc import Iterable
from dataclasses import replace

from release.domain.policy import Policy
from release.judge import quiet
from release.judge.evidence import Evidence
from release.judge.judge import Block, Judge
from release.judge.verdict import Verdict


class Fold:
    """The judge's evidence and its verdict so far."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.block_seconds = policy.block_seconds
        self.stays_open = policy.settle_seconds
        """How long a block stays open after its end for windows that come apart, seconds."""
        self.evidence = Evidence(policy)
        self._judge = Judge(policy)
        self._last: Verdict | None = None
        """The verdict after the last block: until the next one nothing of it but `set_aside` can change."""

    def add(self, line: str) -> list[Verdict]:
        """Take a line into account; the verdicts after the blocks that it completed, often none."""
        if (waited := quiet.seconds(line)) is not None:
            return self._after(self.evidence.take(now=self.evidence.newest + waited))
        self.evidence.add_line(line)
        return self._after(self.evidence.take())

    def finish(self) -> list[Verdict]:
        """The verdicts after all blocks that still wait for windows, when no more will come."""
        return self._after(self.evidence.take(finished=True))

    def verdict(self) -> Verdict:
        """The verdict now."""
        set_aside = dict(self.evidence.set_aside)
        if self._last is None:
            self._last = self._judge.verdict(set_aside)
        return replace(self._last, set_aside=set_aside)

    def _after(self, blocks: Iterable[Block]) -> list[Verdict]:
        found = []
        for block in blocks:
            self._judge.add(block)
            self._last = None
            found.append(self.verdict())
        return found
