"""Evidence in memory: windows of what the fake SageMaker serves, as its clock goes on, and what is kept."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from release.domain.captures import Captures, Minutes
from release.domain.orders import Order
from release.domain.plan import VariantPlan
from release.domain.policy import Policy
from release.judge.cells import SCHEMA
from release.ports import Clock, Unreadable
from tests.fakes.sagemaker import FakeSageMaker
from tests.fakes.trouble import Trouble

BLOCK, MINUTE = 5, 60
REQUESTS = 200_000
"""Of a whole endpoint in one block: so many that one or two blocks decide."""
QUICK = Policy(
    min_requests=1, min_seconds=0, memory_seconds=10, history_requests=1, grace_seconds=5, fresh_seconds=10
)
"""A policy by which such traffic is judged within a few blocks."""


@dataclass
class FakeEvidence:
    """Half of the answers of models in `sick` are errors. `silent` endpoints print nothing.

    Models in `mute` print nothing either, and SageMaker counts what they answer all the same. Those that are
    `slow` take twice as long by its metrics. Where answers are captured, those of models in `shifted` are
    higher, and half of those in `nan` are not finite.
    """

    trouble: Trouble
    clock: Clock
    sagemaker: FakeSageMaker
    sick: set[str] = field(default_factory=set)
    mute: set[str] = field(default_factory=set)
    slow: set[str] = field(default_factory=set)
    shifted: set[str] = field(default_factory=set)
    nan: set[str] = field(default_factory=set)
    uncaptured: bool = False
    """Whether no captured answer comes, wherever a stage captures some."""
    silent: bool = False
    unreadable: int = 0
    """How many of the next looks fail."""
    unkept: int = 0
    """How many of the next lines or verdicts cannot be kept."""
    requests: int = REQUESTS
    golden: int = 0
    """Requests of a variant that has no traffic, in one block: golden ones."""
    printed: dict[str, list["Printed"]] = field(default_factory=dict)
    """What endpoints printed, whoever looked."""
    objects: dict[tuple[str, str, int], list[str]] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    reports: dict[tuple[str, str], bytes] = field(default_factory=dict)
    _blocks: dict[str, int] = field(default_factory=dict)

    def follow(
        self, endpoint: str, since: datetime, seen: Collection[str], minutes: Minutes | None = None
    ) -> "FakeFollower | FakeMinutes":
        """From the block in which `since` lies; with `minutes` what SageMaker counts by the minute."""
        if minutes is not None:
            first = int(since.timestamp()) // MINUTE + 1
            return FakeMinutes(self, endpoint, first, set(seen), minutes.captures)
        first = int(since.timestamp()) // BLOCK
        self._blocks[endpoint] = max(self._blocks.get(endpoint, first), first)
        return FakeFollower(self, endpoint, first, set(seen))

    def print(self, endpoint: str) -> list["Printed"]:
        """A window of every fleet that answers something, for each block that is over, by what serves now."""
        now = int(self.clock.now().timestamp()) // BLOCK
        blocks = range(self._blocks[endpoint], now)
        self._blocks[endpoint] = max(self._blocks[endpoint], now)
        printed, found = self.printed.setdefault(endpoint, []), self.sagemaker.endpoints.get(endpoint)
        if found is None or self.silent:
            return printed
        # One that serves alone has a weight of 1; a shadow's weight is of 100.
        whole = 100 if len(found.config.production + found.config.shadow) > 1 else 1
        for block, variant in product(blocks, (*found.config.production, *found.config.shadow)):
            share = found.weights.get(variant.name, variant.weight) / whole
            requests = int(self.requests * share) or self.golden
            if requests and variant.model_name not in self.mute:
                printed.append(self._window(found.config.name, variant, requests, block))
        return printed

    def _window(self, config: str, variant: VariantPlan, requests: int, block: int) -> "Printed":
        name = f"{variant.name}/{config}"
        counts = _counts(requests, variant.model_name in self.sick)
        window = counts | {"id": f"{name}/{block}", "start": block * BLOCK, "end": (block + 1) * BLOCK}
        event = {
            "eventId": window["id"],
            "logStreamName": name,
            "timestamp": (block + 1) * BLOCK * 1000,
            "message": json.dumps(window),
        }
        return Printed(block, str(window["id"]), json.dumps(event))

    def keep(self, rollout: str, kind: str, first: int, lines: Sequence[str]) -> None:
        """Keep lines by the number of the first."""
        self.trouble.moment(f"keep {kind}")
        if self.unkept:
            self.unkept -= 1
            raise Unreadable("SlowDown")
        self.objects[rollout, kind, first] = list(lines)
        self.trouble.moment()

    def kept(self, rollout: str, kind: str) -> Iterator[str]:
        """In order."""
        for key in sorted(key for key in self.objects if key[:2] == (rollout, kind)):
            yield from self.objects[key]

    def order(self, rollout: str) -> Order | None:
        """As given."""
        self.trouble.moment()
        return self.orders.get(rollout)

    def give(self, rollout: str, order: Order) -> None:
        """Give it."""
        self.trouble.moment("order")
        self.orders[rollout] = order

    def put_report(self, rollout: str, name: str, data: bytes) -> str:
        """Keep it."""
        self.reports[rollout, name] = data
        return f"s3://bucket/rollouts/{rollout}/{name}"


class Printed(NamedTuple):
    """One window in the log."""

    block: int
    name: str
    line: str


@dataclass
class FakeFollower:
    """Reads on in what an endpoint printed."""

    evidence: FakeEvidence
    endpoint: str
    first: int
    seen: set[str]
    read: int = 0

    def more(self) -> Sequence[str]:
        """The windows since the last call."""
        evidence = self.evidence
        evidence.trouble.moment()
        if evidence.unreadable:
            evidence.unreadable -= 1
            raise Unreadable("Rate exceeded")
        printed = evidence.print(self.endpoint)
        new, self.read = printed[self.read :], len(printed)
        return [found.line for found in new if found.block >= self.first and found.name not in self.seen]


@dataclass
class FakeMinutes:
    """What SageMaker counts of an endpoint's variants, minute by minute; what serves now served all of it."""

    evidence: FakeEvidence
    endpoint: str
    next: int
    seen: set[str]
    captures: Captures | None = None

    def more(self) -> Sequence[str]:
        """The minutes that are over since the last call."""
        self.evidence.trouble.moment()
        if self.evidence.unreadable:
            self.evidence.unreadable -= 1
            raise Unreadable("Rate exceeded")
        last = int(self.evidence.clock.now().timestamp()) // MINUTE
        minutes, self.next = range(self.next, last), max(self.next, last)
        found = [line for minute in minutes for line in self._of(minute)]
        return [line for name, line in found if name not in self.seen]

    def _of(self, minute: int) -> Iterator[tuple[str, str]]:
        """The lines of one minute, each with its name."""
        for name in ("candidate", "live"):
            yield self._line(minute, name)
        if self.captures is not None and not self.evidence.uncaptured:
            for name in ("candidate", "live"):
                yield self._answers(minute, name, self.captures)

    def _serving(self, name: str) -> tuple[int, str]:
        """How many requests a variant answers in a minute, and the name of its model."""
        evidence, found = self.evidence, self.evidence.sagemaker.endpoints[self.endpoint]
        variants = {one.name: one for one in (*found.config.production, *found.config.shadow)}
        variant = variants.get(name)
        if variant is None:
            return 0, ""
        share = found.weights.get(name, variant.weight) / (100 if len(variants) > 1 else 1)
        return int(evidence.requests * share) or evidence.golden, variant.model_name

    def _line(self, minute: int, name: str) -> tuple[str, str]:
        evidence, (requests, model) = self.evidence, self._serving(name)
        errors = requests // 2 if model in evidence.sick else requests // 1000
        window: dict[str, Any] = {"service": {"requests": requests, "errors": errors}}
        if requests:
            window["pace"] = {"bins": [16 if model in evidence.slow else 12], "counts": [requests]}
        return self._event(minute, f"{name}/cloudwatch {minute}", window)

    def _answers(self, minute: int, name: str, captures: Captures) -> tuple[str, str]:
        evidence, (requests, model) = self.evidence, self._serving(name)
        invalid = requests // 2 if model in evidence.nan else 0
        first = 70 if model in evidence.shifted else 20
        counts = _spread(requests - invalid, 100)
        score = {"bins": list(range(first, first + 100)), "counts": counts, "range": captures.scores_of}
        counted = {"captured": {"answers": requests, "invalid": invalid}, "score": score}
        return self._event(minute, f"{name}/captured {minute}", counted)

    def _event(self, minute: int, name: str, counted: dict[str, Any]) -> tuple[str, str]:
        interval = {"start": minute * MINUTE, "end": (minute + 1) * MINUTE}
        window: dict[str, Any] = counted | interval | {"schema": SCHEMA, "id": name}
        event = {
            "eventId": window["id"],
            "logStreamName": window["id"],
            "timestamp": (minute + 1) * MINUTE * 1000,
            "message": json.dumps(window),
        }
        return str(window["id"]), json.dumps(event)


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
