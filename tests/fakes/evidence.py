"""Evidence in memory: what was kept of rollouts, and the reports of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class FakeEvidence:
    """Lines by rollout, kind and number of the first; reports by rollout and name."""

    objects: dict[tuple[str, str, int], list[str]] = field(default_factory=dict)
    reports: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def kept(self, rollout: str, kind: str) -> Iterator[str]:
        """In order."""
        for key in sorted(key for key in self.objects if key[:2] == (rollout, kind)):
            yield from self.objects[key]

    def put_report(self, rollout: str, name: str, data: bytes) -> str:
        """Keep it."""
        self.reports[rollout, name] = data
        return f"s3://bucket/rollouts/{rollout}/{name}"
