"""Rejudge: the evidence that a rollout kept, judged again; the verdicts of its ledger must come out.

Reads only, and judges by the policy that the rollout recorded.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from release.domain.errors import UsageError
from release.domain.ledger import Judged, Opened
from release.domain.policy import Policy
from release.judge.alone import Alone, Limits
from release.judge.fold import Fold
from release.judge.verdict import Verdict
from release.operations import report
from release.ports import StagePorts, World
from release.rollout import sight
from release.rollout.watching import ALONE, BESIDE


@dataclass(frozen=True)
class Again:
    """One step's verdict in the ledger, and what its evidence says now."""

    recorded: Judged
    verdict: Verdict
    whole: bool
    """Whether the evidence is, byte for byte, what the ledger holds the checksum of."""

    @property
    def same(self) -> bool:
        """Whether the very same verdict came out of the very same evidence."""
        found = self.verdict
        mine = (found.decision.value, found.because, found.seconds, found.requests, found.live_requests)
        then = self.recorded
        theirs = (then.decision, then.because, then.seconds, then.requests, then.live_requests)
        return self.whole and mine == theirs


def rejudge(world: World, stage: str, rollout: str | None, endpoint: str | None) -> list[Again]:
    """Every verdict of a rollout (None: the newest) anew, from the evidence kept beside the ledger.

    Raises UsageError where there is no such rollout, or none that was judged.
    """
    ports = world.stage(world.stages.entry(stage).name)
    entries = report.entries_of(ports, rollout, endpoint)
    recorded = [entry.what for entry in entries if isinstance(entry.what, Judged)]
    opened = entries[0].what
    assert isinstance(opened, Opened)
    if not recorded:
        raise UsageError(
            f"Rollout {entries[0].subject.rollout} of {stage} was not judged.",
            "There is no evidence to judge again.",
            f"See which rollouts were: ./slipway history {stage}",
        )
    name = entries[0].subject.rollout
    beside = [each for each in recorded if each.share < report.WHOLE]
    alone = [each for each in recorded if each.share == report.WHOLE]
    return [
        *_again(ports, name, BESIDE, Fold(opened.judge or Policy()), beside),
        *_again(ports, name, ALONE, _alone(opened), alone),
    ]


def _alone(opened: Opened) -> Alone:
    return Alone(Limits.of(opened.limits), sight.alone_by_windows(opened), sight.proves_finite(opened))


def _again(
    ports: StagePorts, rollout: str, kind: str, fold: Fold | Alone, recorded: list[Judged]
) -> Iterator[Again]:
    lines, digest, read = ports.evidence.kept(rollout, kind), hashlib.sha256(), 0
    for each in recorded:
        while read < each.windows and (line := next(lines, None)) is not None:
            fold.add(line)
            digest.update(line.encode() + b"\n")
            read += 1
        yield Again(each, fold.verdict(), digest.hexdigest() == each.sha256)
