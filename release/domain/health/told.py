"""What the stage's topic is told of an endpoint: one page, or one ticket, however many alarms ring. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from release.domain import names
from release.domain.burn_rates import Severity
from release.domain.health import budgets, capacity
from release.domain.health.alarm import Alarm, Condition
from release.domain.health.serving import Watched

LONGEST_TEXT = 1024
"""Characters of an alarm's description (PutCompositeAlarm in CloudWatch's API reference)."""


@dataclass(frozen=True)
class Message:
    """A composite alarm: it rings while one of its conditions holds, and tells people once."""

    name: str
    severity: Severity
    rule: str
    """In CloudWatch's grammar of composite alarms."""
    says: str


@dataclass(frozen=True)
class Health:
    """All alarms of an endpoint's objectives. Those of the conditions are silent."""

    alarms: tuple[Alarm, ...]
    messages: tuple[Message, ...]


def health(watched: Watched) -> Health:
    """What is watched of an endpoint; nothing before its first release is live, or where nobody is told."""
    told = watched.settings.monitoring.paging.severities
    if watched.settings.live is None or not told:
        return Health((), ())
    found = [one for one in conditions(watched) if one.severity in told]
    messages = (_message(watched, severity, found) for severity in told)
    return Health(
        tuple(alarm for one in found for alarm in one.alarms), tuple(one for one in messages if one.rule)
    )


def conditions(watched: Watched) -> list[Condition]:
    """Everything that people could be told of an endpoint."""
    spent = [one for role in watched.roles for one in budgets.conditions(watched, role)]
    return [*spent, *capacity.conditions(watched)]


def rule(found: Iterable[Condition]) -> str:
    """That one of these conditions holds: all alarms of one ring."""
    return " OR ".join(f"({' AND '.join(f'ALARM({alarm.name})' for alarm in one.alarms)})" for one in found)


def _message(watched: Watched, severity: Severity, found: list[Condition]) -> Message:
    return Message(
        name=names.alarm(watched.endpoint, severity),
        severity=severity,
        rule=rule(one for one in found if one.severity == severity),
        says=_page(watched) if severity == "page" else _ticket(watched),
    )


def _page(watched: Watched) -> str:
    goals, where = watched.objectives, f"{watched.stage} --endpoint {watched.name}"
    return (
        f"{watched.name} in {watched.stage} does not keep what its callers may expect: "
        f"{goals.availability_percent:g} % of the requests without a 5xx, {goals.latency_percent:g} % within "
        f"{goals.latency_ms:g} ms. The reason names the alarm that rang, whose description says what "
        "happened. An alarm of live is about every caller; one of candidate about those whom a rollout sends "
        "to it. "
        f"What serves and what moves: ./slipway status {watched.stage}. Why: ./slipway doctor {where}. "
        f"If the newest release is at fault: ./slipway rollback {where}. "
        f"While it is still being rolled out: ./slipway abort {where}. "
        f"CloudWatch dashboard: {names.dashboard(watched.endpoint)}."
    )


def _ticket(watched: Watched) -> str:
    where = f"{watched.stage} --endpoint {watched.name}"
    return (
        f"{watched.name} in {watched.stage} will not keep what its callers may expect if this goes on; "
        "nobody has to get up for it. The reason names the alarm that rang, whose description says what "
        "happened. "
        f"What serves: ./slipway status {watched.stage}. Why: ./slipway doctor {where}; "
        f"what its containers say: ./slipway logs {where}. More or larger instances: instances in "
        f"Pulumi.{watched.stage}.yaml, then ./slipway plan {watched.stage}, and for another type "
        f"./slipway apply {where}. CloudWatch dashboard: {names.dashboard(watched.endpoint)}."
    )
