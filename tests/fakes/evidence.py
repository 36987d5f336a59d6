"""Evidence in memory: windows of what the fake SageMaker serves, as its clock goes on, and what is kept."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from release.domain.orders import Order
from release.domain.plan import VariantPlan
from release.domain.policy import Policy
from release.judge.cells import SCHEMA
from release.ports import Clock, Unreadable
from tests.fakes.sagemaker import FakeSageMaker
from tests.fakes.trouble import Trouble

BLOCK = 5
REQUESTS = 200_000
"""Of a whole endpoint in one block: so many that one or two blocks decide."""
QUICK = Policy(
    min_requests=1, min_seconds=0, memory_seconds=10, history_requests=1, grace_seconds=5, fresh_seconds=10
)
"""A policy by which such traffic is judged within a few blocks."""


@dataclass
class FakeEvidence:
    """Half of the answers of models in `sick` are errors. `silent` endpoints print nothing."""

    trouble: Trouble
    clock: Clock
    sagemaker: FakeSageMaker
    sick: set[str] = field(default_factory=set)
    silent: bool = False
    unreadable: int = 0
    """How many of the next looks fail."""
    requests: int = REQUESTS
    objects: dict[tuple[str, str, int], list[str]] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    reports: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def follow(self, endpoint: str, since: datetime, seen: Collection[str]) -> "FakeFollower":
        """From the block in which `since` lies."""
        return FakeFollower(self, endpoint, int(since.timestamp()) // BLOCK, set(seen))

    def keep(self, rollout: str, kind: str, first: int, lines: Sequence[str]) -> None:
        """Keep lines by the number of the first."""
        self.trouble.moment(f"keep {kind}")
        self.objects[rollout, kind, first] = list(lines)
        self.trouble.moment()

    def kept(self, rollout: str, kind: str) -> Iterator[str]:
        """In order."""
        for key in sorted(key for key in self.objects if key[:2] == (rollout, kind)):
            yield from self.objects[key]

    def order(self, rollout: str) -> Order | None:
        """As given."""
        return self.orders.get(rollout)

    def give(self, rollout: str, order: Order) -> None:
        """Give it."""
        self.trouble.moment("order")
        self.orders[rollout] = order

    def put_report(self, rollout: str, name: str, data: bytes) -> str:
        """Keep it."""
        self.reports[rollout, name] = data
        return f"s3://bucket/rollouts/{rollout}/{name}"


@dataclass
class FakeFollower:
    """Prints a window of every fleet that has traffic, for each block that is over."""

    evidence: FakeEvidence
    endpoint: str
    block: int
    seen: set[str]

    def more(self) -> Sequence[str]:
        """The blocks since the last call, with what serves now."""
        evidence = self.evidence
        evidence.trouble.moment()
        if evidence.unreadable:
            evidence.unreadable -= 1
            raise Unreadable("Rate exceeded")
        now = int(evidence.clock.now().timestamp()) // BLOCK
        blocks, self.block = range(self.block, now), max(self.block, now)
        found = evidence.sagemaker.endpoints.get(self.endpoint)
        if found is None or evidence.silent:
            return []
        lines = []
        for block in blocks:
            for variant in (*found.config.production, *found.config.shadow):
                share = found.weights.get(variant.name, variant.weight) / 100
                if share:
                    lines.append(self._line(found.config.name, variant, share, block))
        return [line for line in lines if json.loads(line)["eventId"] not in self.seen]

    def _line(self, config: str, variant: VariantPlan, share: float, block: int) -> str:
        stream = f"{variant.name}/{config}"
        sick = variant.model_name in self.evidence.sick
        counts = _counts(int(self.evidence.requests * share), sick)
        window = counts | {"id": f"{stream}/{block}", "start": block * BLOCK, "end": (block + 1) * BLOCK}
        return json.dumps(
            {
                "eventId": f"{stream}/{block}",
                "logStreamName": stream,
                "timestamp": (block + 1) * BLOCK * 1000,
                "message": json.dumps(window),
            }
        )


@cache
def _counts(requests: int, sick: bool) -> dict[str, Any]:
    errors = requests // 2 if sick else requests // 1000
    good = requests - errors
    return {
        "schema": SCHEMA,
        "worker": "w",
        "requests": requests,
        "errors": errors,
        "invalid": 0,
        "latency": {"bins": list(range(280, 344)), "counts": _spread(good, 64)},
        "score": {"bins": list(range(20, 148)), "counts": _spread(good, 128)},
    }


def _spread(total: int, bins: int) -> list[int]:
    """`total` over so many bins, the most in the middle."""
    shares = [(i + 1) * (bins - i) for i in range(bins)]
    counts = [total * share // sum(shares) for share in shares]
    counts[bins // 2] += total - sum(counts)
    return counts
