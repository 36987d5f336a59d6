"""CPU seconds per million requests' worth of windows, in blocks of 1,000 requests, candidate weight 25 %."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from bench.judge.streams import BLOCK, Change, counts, draw
from release.domain.policy import Policy
from release.judge import windows
from release.judge.evidence import Evidence
from release.judge.judge import Block, Judge

RATE = 265.0
"""Requests/s that make a block of about 1,000 on the seed below, whose traffic is low."""
ROUNDS = 5


def measure(policy: Policy, path: Path) -> dict[str, float]:
    """Seconds of CPU, the best of some rounds: judging blocks, reading JSON lines, and all of it together."""
    run = draw(1, RATE, 0.25, Change())
    live, candidate = counts(run.live, run.lost_live), counts(run.candidate, run.lost_candidate)
    requests = run.live.time.size + run.candidate.time.size
    lines = [
        json.dumps(windows.record(name, BLOCK * i, BLOCK * (i + 1), table[i], f"{name}{i}", name))
        for i in range(len(live))
        for name, table in (("live", live), ("candidate", candidate))
        if table[i].any()
    ]

    def judge() -> None:
        fold = Judge(policy)
        for index in range(len(live)):
            fold.add(Block(candidate[index], live[index]))
            fold.decision()

    def read() -> None:
        for line in lines:
            windows.parse_line(line)

    def everything() -> None:
        evidence, fold = Evidence(policy), Judge(policy)
        for line in lines:
            evidence.add_line(line)
            for block in evidence.take():
                fold.add(block)
                fold.decision()

    found: dict[str, float] = {"blocks": len(live), "requests": requests}
    steps: dict[str, Callable[[], None]] = {"judge": judge, "read": read, "everything": everything}
    for name, step in steps.items():
        found[name] = min(_seconds(step) for _ in range(ROUNDS)) * 1e6 / requests
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found), encoding="utf-8")
    return found


def _seconds(step: Callable[[], None]) -> float:
    started = time.process_time()
    step()
    return time.process_time() - started
