"""Windows of a fleet of instances, some of which serve the candidate. Seeded."""

import json

import numpy as np

from release.judge import windows
from release.judge.counting import Requests, count

SECONDS = 5.0
INSTANCES, CANDIDATES, WORKERS, REQUESTS = 10, 3, 2, 60
"""Instances, those of them that serve the candidate, workers of each, and requests of each in a window."""


def instance(number: int, start: float, count_of: int) -> list[list[str]]:
    """What an instance posts every five seconds from `start` on: a line of each worker."""
    variant = "candidate" if number < CANDIDATES else "live"
    posts: list[list[str]] = [[] for _ in range(count_of)]
    for worker in range(WORKERS):
        name = f"{number}-{worker}"
        rng = np.random.default_rng([number, worker, int(start)])
        total = count_of * REQUESTS
        table = count(
            Requests(
                block=np.repeat(np.arange(count_of), REQUESTS),
                error=rng.random(total) < 0.001,
                latency=0.07 * np.exp(0.4 * rng.normal(size=total)),
                score=1 / (1 + np.exp(-rng.normal(-1, 1, total))),
            ),
            count_of,
        )
        for index, post in enumerate(posts):
            at = start + SECONDS * index
            told = windows.record(variant, at, at + SECONDS, table[index], f"{name}-{at:.0f}", name)
            post.append(json.dumps(told))
    return posts
