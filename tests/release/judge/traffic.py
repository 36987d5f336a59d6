"""Counts and windows that the tests of the judge build on: small, seeded and fast."""

from typing import Any

import numpy as np

from release.domain.policy import Policy
from release.judge import windows
from release.judge.counting import Requests, count
from release.judge.judge import Block, Judge

BLOCK = 5.0
START = 1_700_000_000.0
QUICK = Policy(min_seconds=20.0, min_requests=50)
"""For streams of a few minutes."""


def counts(
    rng: np.random.Generator,
    blocks: int,
    requests: int,
    errors: float = 0.001,
    slower: float = 1.0,
    score: float = 0.0,
    invalid: float = 0.0,
    median: float = 0.07,
) -> np.ndarray:
    """Windows of one variant: `requests` in each of `blocks` blocks."""
    total = blocks * requests
    scores = 1 / (1 + np.exp(-rng.normal(score - 1, 1, total)))
    scores[rng.random(total) < invalid] = np.nan
    return count(
        Requests(
            block=np.repeat(np.arange(blocks), requests),
            error=rng.random(total) < errors,
            latency=slower * median * np.exp(0.4 * rng.normal(size=total)),
            score=scores,
        ),
        blocks,
    )


def pair(
    seed: int, blocks: int = 60, live: int = 300, candidate: int = 100, median: float = 0.07, **bad: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Windows of candidate and live; `bad` is wrong with the candidate. 12 blocks are live's alone.

    `median` is live's latency in seconds.
    """
    rng = np.random.default_rng(seed)
    theirs = counts(rng, blocks, live, median=median)
    mine = counts(rng, blocks, candidate, median=median, **bad)
    mine[:12] = 0
    return mine, theirs


def fold(candidate: np.ndarray, live: np.ndarray, policy: Policy = QUICK) -> Judge:
    """A judge that saw all blocks."""
    judge = Judge(policy)
    for mine, theirs in zip(candidate, live, strict=True):
        judge.add(Block(mine, theirs))
    return judge


def records(candidate: np.ndarray, live: np.ndarray) -> list[dict[str, Any]]:
    """The windows as telemetry of one worker each."""
    found = []
    for index in range(len(live)):
        at = START + BLOCK * index
        for name, table in (("live", live), ("candidate", candidate)):
            if table[index].any():
                found.append(
                    windows.record(name, at, at + BLOCK, table[index], f"{name}-{index}", f"{name}-0")
                )
    return found
