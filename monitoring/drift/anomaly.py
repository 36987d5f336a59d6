"""An anomaly: what is noticed, before it is a finding of an endpoint and a release."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitoring.finding import Finding, Kind, Number


@dataclass(frozen=True)
class Anomaly:
    """One thing that holds now."""

    kind: Kind
    subject: str
    since: datetime
    summary: str
    evidence: Mapping[str, Number]

    def finding(self, endpoint: str, release: str, noticed: datetime) -> Finding:
        """As a finding."""
        return Finding(
            endpoint=endpoint,
            release=release,
            kind=self.kind,
            subject=self.subject[:200],
            since=self.since,
            noticed=noticed,
            summary=self.summary[:300],
            evidence={**self.evidence},
        )
