"""What is told of a finding, as an event in EventBridge's form. Pure.

    source       slipway.monitoring
    detail-type  Slipway Finding Opened | Slipway Finding Escalated | Slipway Finding Closed
    detail       `schema` 1, the stage, the finding with its evidence, and how it was closed

It may come twice: `detail.notice` names what is told, and is the same then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitoring.alerts.kept import Closing, Kept, Notice, What
from monitoring.finding import Number
from release.domain import names, regions
from release.domain.occasions import FINDINGS, SOURCE
from release.domain.stage import StageSettings

SCHEMA = 1
"""Of `detail`; a member may come, none goes or changes its meaning."""
TYPES: Mapping[What, str] = dict(zip(("opened", "escalated", "closed"), FINDINGS, strict=True))
LARGEST = 200_000
"""Bytes of an event's detail: EventBridge takes 256 KB with what is around it, and so do SNS and SQS."""


@dataclass(frozen=True)
class FindingEvent:
    """One event, ready for whoever carries it."""

    name: str
    """Of what is told: the finding and the number of its notice."""
    type: str
    at: datetime
    account: str
    region: str
    resources: tuple[str, ...]
    detail: Mapping[str, Any]

    def envelope(self) -> dict[str, Any]:
        """It as EventBridge would deliver it, for those who have none; the id is its own."""
        return {
            "version": "0",
            "id": self.name,
            "detail-type": self.type,
            "source": SOURCE,
            "account": self.account,
            "time": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
            "region": self.region,
            "resources": list(self.resources),
            "detail": dict(self.detail),
        }


def event(stage: StageSettings, kept: Kept, notice: Notice) -> FindingEvent:
    """What a notice tells, with the finding as it is now."""
    name = f"{kept.id}-{notice.number}"
    closed = kept.closing(notice.occurrence) if notice.what == "closed" else None
    return _event(stage, kept, notice.what, closed, notice.at, name)


def event_of(stage: StageSettings, kept: Kept) -> FindingEvent:
    """The event of a finding as it is, for whoever asks for one by hand."""
    what: What = "closed" if kept.closed else "opened"
    return _event(stage, kept, what, kept.closed, kept.closed.at if kept.closed else kept.opened, kept.asks)


def _event(
    stage: StageSettings, kept: Kept, what: What, closed: Closing | None, at: datetime, name: str
) -> FindingEvent:
    finding = kept.finding
    sagemaker = names.endpoint(finding.endpoint, stage.stage)
    detail: dict[str, Any] = {
        "schema": SCHEMA,
        "notice": name,
        "finding": kept.id,
        "occurrence": kept.occurrence,
        "stage": stage.stage,
        "endpoint": finding.endpoint,
        "endpointName": sagemaker,
        "release": finding.release,
        "kind": finding.kind,
        "subject": finding.subject,
        "severity": finding.severity if what != "closed" else kept.worst,
        "summary": finding.summary,
        "since": finding.since.isoformat(),
        "noticed": finding.noticed.isoformat(),
        "opened": kept.opened.isoformat(),
        "seen": kept.seen,
        "closed": closed.model_dump(mode="json") if closed else None,
    }
    partition = regions.partition(stage.region) or "aws"
    arn = f"arn:{partition}:sagemaker:{stage.region}:{stage.account}:endpoint/{sagemaker}"
    evidence, left_out = _bounded(finding.evidence, LARGEST - len(names.canonical_json(detail)))
    detail |= {"evidence": evidence, "evidenceLeftOut": left_out}
    return FindingEvent(name, TYPES[what], at, stage.account, stage.region, (arn,), detail)


def _bounded(evidence: Mapping[str, Number], room: int) -> tuple[dict[str, Number], int]:
    """As much of the evidence as there is room for, the shortest first, and how much was left out."""
    sizes = {name: len(names.canonical_json({name: _plain(value)})) + 1 for name, value in evidence.items()}
    kept: set[str] = set()
    for name in sorted(sizes, key=lambda one: sizes[one]):
        room -= sizes[name]
        if room < 0:
            break
        kept.add(name)
    told = {name: _plain(value) for name, value in evidence.items() if name in kept}
    return told, len(evidence) - len(told)


def _plain(value: Number) -> Number:
    """A figure that JSON has; what is not finite is told in words."""
    if isinstance(value, float) and value - value != 0:
        return str(value)
    return value
