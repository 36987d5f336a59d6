"""Whole rollouts as the ledger and the kept verdicts have them: the judge itself judged simulated traffic.

A `Told` is written forwards in time, as a rollout writes it. Requests are drawn by `bench/judge/streams.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.judge.streams import BLOCK, HISTORY, Change, counts, draw
from release.domain.ledger import Closed, End, Entered, Entry, Judged, Kind, Opened, Payload, Subject
from release.domain.manifest import Manifest
from release.domain.pins import Pins, RolloutSettings
from release.domain.policy import Policy
from release.judge.judge import Block, Judge
from release.judge.verdict import Decision, Verdict
from tests.release.examples import NEW, OLD, OWNER, manifest, pin

START = datetime(2026, 11, 28, 9, 12, 31, tzinfo=UTC)
STEPS = (5, 25, 50)
HOSTILE = "<script>alert(1)</script> | `x` [a](http://example.org) @everyone ![p](//x)"
"""What a release's texts may hold."""


@dataclass
class Told:
    """What is known of one rollout so far."""

    entries: list[Entry] = field(default_factory=list)
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    seconds: float = 0.0
    kind: Kind = "promote"
    release: str = NEW

    @property
    def at(self) -> str:
        """The time now."""
        return (START + timedelta(seconds=self.seconds)).isoformat(timespec="milliseconds")

    def enter(self, what: Payload, after: float = 0.0) -> None:
        """The next entry, `after` so many seconds."""
        self.seconds += after
        subject = Subject(kind=self.kind, endpoint="delays", release=self.release, rollout="4f1c02ab9e77")
        self.entries.append(
            Entry(
                number=len(self.entries) + 41,
                previous="",
                at=self.at,
                subject=subject,
                owner=OWNER,
                what=what,
            )
        )

    def phases(self, *events: str, step: int = 0, reason: str = "", each: float = 4.0) -> None:
        """Phases one after the other."""
        for event in events:
            values = {"event": event, "step": step, "reason": reason}
            self.enter(Entered.model_validate(values), each)

    def judged(self, step: int, share: int, verdict: Verdict) -> None:
        """How a step ended."""
        told = {"step": step, "share": share, "decision": verdict.decision.value, "because": verdict.because}
        numbers = {"seconds": verdict.seconds, "requests": verdict.requests, "windows": len(self.verdicts)}
        sure = {"live_requests": verdict.live_requests, "sha256": "e" * 64}
        self.enter(Judged.model_validate(told | numbers | sure))

    def keep(self, step: int, share: int, verdict: Verdict) -> None:
        """A verdict beside the ledger."""
        self.verdicts.append({"at": self.at, "step": step, "share": share, "verdict": verdict.record()})


def opened(strategy: str = "judged", first: bool = False, **texts: Any) -> Told:
    """A rollout that began."""
    told = Told()
    old = manifest(
        evaluation={"test_auc": 0.7312, "test_brier": 0.141, "parity": 3e-8},
        source={"git_commit": "1f0c6d2", "data_version": "2026-10", "git_dirty": False},
        input_schema={"features": [{"name": "carrier"}, {"name": "hour"}]},
    )
    new = manifest(
        evaluation={"test_auc": 0.7388, "test_brier": 0.139, "parity": 2e-8},
        source={"git_commit": "9b5d07f", "data_version": "2026-11", "git_dirty": False} | texts,
        input_schema={"features": [{"name": "carrier"}, {"name": "hour"}, {"name": "weather"}]},
    )
    told.manifests = {NEW: new} if first else {OLD: old, NEW: new}
    before = Pins() if first else Pins(live=pin(OLD))
    after = Pins(live=pin(NEW), previous=None if first else pin(OLD))
    settings = RolloutSettings.model_construct(strategy=strategy)
    told.enter(Opened(before=before, after=after, rollout=settings))
    told.phases("creating", each=0.4)
    return told


def blocks(change: Change, rate: float, duration: float, shares: Iterable[float]) -> Iterable[list[Block]]:
    """For each share the blocks that follow, beginning with the history of live alone."""
    for number, share in enumerate(shares):
        run = draw(7 + number, rate, share / 100, change, duration)
        live, candidate = counts(run.live, run.lost_live), counts(run.candidate, run.lost_candidate)
        skip = 0 if number == 0 else int(HISTORY / BLOCK)
        yield [Block(c, b) for c, b in zip(candidate[skip:], live[skip:], strict=True)]


def judged(
    change: Change,
    rate: float = 200.0,
    steps: tuple[int, ...] = STEPS,
    least: float = 120.0,
    most: float = 1500.0,
    told: Told | None = None,
    policy: Policy | None = None,
) -> Told:
    """A judged rollout to its end: each step is left on PASS, taken back on FAIL or after `most` seconds."""
    told = told or opened()
    told.phases("moving", "verifying", each=64.0)
    fold = Judge(policy or Policy())
    for step, (share, found) in enumerate(
        zip(steps, blocks(change, rate, most, steps), strict=True), start=1
    ):
        told.phases("moving", "verifying", step=step)
        verdict, stood = fold.verdict(), 0.0
        for block in found:
            fold.add(block)
            told.seconds += BLOCK
            stood += BLOCK
            verdict = fold.verdict()
            told.keep(step, share, verdict)
            if verdict.decision is Decision.FAIL or (verdict.decision is Decision.PASS and stood >= least):
                break
        told.judged(step, share, verdict)
        if verdict.decision is Decision.FAIL:
            return taken_back(told, f"the judge says FAIL: {verdict.because}", step)
        if verdict.decision is Decision.HOLD:
            return taken_back(told, f"held for {most:g} s without a PASS: {verdict.because}", step)
    told.phases("moving", "verifying", step=len(steps) + 1, each=71.0)
    return landed(told)


def landed(told: Told) -> Told:
    """The end of one that serves."""
    told.phases("reconciling", step=max(getattr(entry.what, "step", 0) for entry in told.entries))
    told.enter(Closed(event=End.LANDED), 22.0)
    return told


def taken_back(told: Told, reason: str, step: int) -> Told:
    """The end of one that does not."""
    told.phases("reverting", "restoring", step=step, reason=reason)
    told.enter(Closed(event=End.REVERTED, reason=reason), 17.0)
    return told


def without_judge(strategy: str = "canary") -> Told:
    """A rollout under SageMaker's own guardrails."""
    told = opened(strategy)
    told.phases("moving", "verifying", each=38.0)
    told.seconds += 420.0
    return landed(told)


def first_release() -> Told:
    """Nothing served before, and nobody is judged beside."""
    told = opened("all-at-once", first=True)
    told.phases("moving", "verifying", each=90.0)
    return landed(told)


def long(verdicts: int = 500) -> Told:
    """Forty minutes at one step, because nearly nobody asks; then it is held."""
    return judged(Change(), rate=1.2, steps=(25,), most=verdicts * BLOCK - HISTORY)


SCENES = {
    "passed": lambda: judged(Change()),
    "failed-errors": lambda: judged(Change(errors=0.05)),
    "failed-latency": lambda: judged(Change(latency=1.5)),
    "no-evidence": lambda: judged(Change(traffic=0), most=300.0, steps=(1,)),
    "first": first_release,
    "canary": without_judge,
    "long": long,
}
