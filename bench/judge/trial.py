"""One run of one scenario: what the judge says every 5 s."""

import time
from dataclasses import dataclass

from bench.judge.streams import BLOCK, HISTORY, Run, counts
from release.domain.policy import Policy
from release.judge.cells import SPANS
from release.judge.judge import Block, Judge
from release.judge.verdict import Decision


@dataclass
class Outcome:
    """When a run was decided; seconds since the candidate's first chance, None for never."""

    failed: float | None = None
    failed_requests: int | None = None
    passed: float | None = None
    passed_requests: int | None = None
    because: str = ""
    cpu: float = 0.0
    requests: int = 0
    """Of both variants, judged in `cpu` seconds."""


def judged(run: Run, policy: Policy, stop_at_pass: bool = False) -> Outcome:
    """Our judge on one run: the first PASS, and whether it ever FAILs."""
    live, candidate = counts(run.live, run.lost_live), counts(run.candidate, run.lost_candidate)
    fold, found = Judge(policy), Outcome()
    span = SPANS["requests"]
    given = candidate[:, span.start : span.stop].sum(axis=1).cumsum()
    started = time.process_time()
    for index in range(len(live)):
        fold.add(Block(candidate[index], live[index]))
        now = (index + 1) * BLOCK - HISTORY
        if fold.failed is not None:
            found.failed, found.failed_requests, found.because = now, int(given[index]), fold.failed.because
            break
        if found.passed is None and now > 0 and fold.decision() is Decision.PASS:
            found.passed, found.passed_requests = now, int(given[index])
            if stop_at_pass:
                break
    found.cpu = time.process_time() - started
    found.requests = int(live[: index + 1, span.start : span.stop].sum() + given[index])
    return found
