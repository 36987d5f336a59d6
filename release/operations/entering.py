"""Entering a stage: the gates that a release has to pass there, whichever command brings it."""

from dataclasses import dataclass
from datetime import datetime

from release.domain import gates, request_schema
from release.domain.errors import UsageError
from release.domain.ledger import Approval, OpenRollout, Request
from release.domain.manifest import GateResult, Manifest
from release.domain.request_schema import Compared
from release.domain.stages import StageEntry
from release.operations import rollouts
from release.ports import Event, StagePorts, Tell


@dataclass(frozen=True)
class Arrival:
    """A release that asks to enter a stage.

    `since` says when it became live in the stage before: None where nobody knows, or where it never was.
    """

    request: Request
    content: Manifest
    since: datetime | None = None


@dataclass(frozen=True)
class Found:
    """The gates' results, and what of them rests on the word of people: kept in the ledger."""

    results: list[GateResult]
    callers_know: tuple[str, ...] = ()
    """What of live's promise it breaks, where the stage's data says that its callers know."""


def results(
    entry: StageEntry, ports: StagePorts, arrival: Arrival, approval: Approval | None, tell: Tell
) -> Found:
    """All gates of a release that asks to enter the stage of `entry`.

    Those that ask people are asked once: a rollout that was let in and died goes on, and ends, by what was
    said when it was opened.
    """
    content = arrival.content
    found = gates.evaluate(content, (*entry.gates, *ports.settings.gates), ports.loopback)
    if entry.soak_minutes:
        found.append(gates.soak_gate(entry.soak_minutes, arrival.since, ports.clock.now()))
    if entry.approval:
        found.append(gates.approval_gate(approval))
    admitted = _admitted(ports, arrival.request)
    if admitted is not None:
        return Found(found, admitted.opened.callers_know)
    schema = _compared(ports, arrival)
    if schema is None:
        return Found(found)
    known = content.id in entry.callers_know
    found.append(request_schema.gate(schema, known))
    if schema.gained:
        tell(Event(f"it newly accepts: {'; '.join(schema.gained)}"))
    if schema.broken and known:
        tell(Event(f"its callers know by Pulumi.yaml: {'; '.join(schema.broken)}"))
    return Found(found, schema.broken if known else ())


def approval_of(by: str, reason: str) -> Approval | None:
    """The approval that a person's name and reason make, None without a name."""
    return Approval(by=by, reason=reason) if by else None


def _admitted(ports: StagePorts, request: Request) -> OpenRollout | None:
    """The rollout that this request opened before and did not end."""
    found = rollouts.found_open(ports, request.endpoint)
    if found is None:
        return None
    subject = found.subject
    return found if Request(subject.kind, subject.endpoint, subject.release) == request else None


def _compared(ports: StagePorts, arrival: Arrival) -> Compared | None:
    """The release beside what the stage serves; None where nothing is live, or the same release."""
    live = rollouts.settings_of(ports, arrival.request.endpoint).pins.live
    if live is None or live.release == arrival.content.id or not ports.artifacts.exists():
        return None
    try:
        served = ports.artifacts.manifest(live.release)
    except UsageError as error:
        return request_schema.unknown(error.cause)
    named_only = live.environment.get(request_schema.ROWS_WITHOUT_NAMES) == request_schema.REFUSE
    return request_schema.compare(served.input_schema, arrival.content.input_schema, named_only)
