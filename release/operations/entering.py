"""Entering a stage: the gates that a release has to pass there, whichever command brings it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from release.domain import approvals, capture_gate, gates, model_packages, request_schema, waivers
from release.domain.approvals import Approval
from release.domain.errors import UsageError
from release.domain.finished import LetIn
from release.domain.ledger import OpenRollout, Request
from release.domain.manifest import GateResult, Manifest
from release.domain.pins import ReleasePin
from release.domain.request_schema import Compared
from release.domain.stages import StageEntry
from release.domain.waivers import Waiver
from release.operations import registries, rollouts
from release.ports import Event, StagePorts, Tell, World


@dataclass(frozen=True)
class Arrival:
    """A release that asks to enter a stage.

    `since` says when it became live in the stage before: None where nobody knows, or where it never was.
    `makers` are those who made it, as far as is known where it comes from.
    """

    request: Request
    content: Manifest
    since: datetime | None = None
    makers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """The gates' results, and what of them rests on the word of people: kept in the ledger."""

    results: list[GateResult]
    approvals: tuple[Approval, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    callers_know: tuple[str, ...] = ()
    """What of live's promise it breaks, where the stage's data says that its callers know."""


def results(entry: StageEntry, ports: StagePorts, arrival: Arrival, tell: Tell) -> Found:
    """All gates of a release that asks to enter the stage of `entry`.

    People are asked once: a rollout that was let in and died goes on, and ends, by what was said when it was
    opened. What serves there already is compared with nothing, so a yes to it counts whatever it broke then.
    """
    admitted = _admitted(ports, arrival.request)
    opened = admitted.opened if admitted else None
    waived = opened.waivers if opened else in_force(entry, ports, arrival.content.id)
    found = evidence(entry, ports, arrival, waived, tell, asked_before=opened is not None)
    for waiver in found.waivers:
        tell(Event(str(waiver), detail=True))
    if entry.soak_minutes:
        found.results.append(gates.soak_gate(entry.soak_minutes, arrival.since, ports.clock.now()))
    if opened:
        return Found(found.results, opened.approvals, found.waivers, opened.callers_know)
    found = _as_package(entry, ports, arrival, found, ports.clock.now())
    if not entry.approvals:
        return found
    live = _live(ports, arrival)
    here = live is not None and live.release == arrival.content.id
    about = None if here else about_what(entry, ports, arrival.content, found)
    kept = ports.approvals.of(arrival.content.id)
    makers = makers_of(ports, arrival.content.id, arrival.makers)
    said = approvals.tally(kept, makers, entry.asked, about, ports.clock.now())
    tell(Event(said.words(), detail=True))
    results = [*found.results, approvals.gate(said)]
    yeses = {one.by: one for one in (*found.approvals, *said.counted)}
    return replace(found, results=results, approvals=tuple(yeses.values()))


def still(entry: StageEntry, ports: StagePorts, arrival: Arrival, came: LetIn, tell: Tell) -> Found:
    """The gates of a release that a rollout let in: would they still, by what was said until then?

    Its evidence is held against what the stage asks for today, and a yes that was taken back since counts no
    more. That a yes or a waiver grows old after it let the release in takes nothing back.
    """
    found = evidence(entry, ports, arrival, came.opened.waivers, tell, asked_before=True)
    found = _as_package(entry, ports, arrival, found, came.at)
    if not entry.approvals:
        return found
    kept = ports.approvals.of(arrival.content.id)
    said = approvals.tally(kept, arrival.makers, entry.asked, None, came.at)
    return replace(found, results=[*found.results, approvals.gate(said)])


def _as_package(entry: StageEntry, ports: StagePorts, arrival: Arrival, found: Found, now: datetime) -> Found:
    """With the gate of a stage whose releases have to be approved versions in SageMaker's Model Registry."""
    if ports.settings.model_packages != "approved":
        return found
    content = arrival.content
    there = ports.artifacts.exists()
    package = registries.version(ports, arrival.request.endpoint, content) if there else None
    makers = makers_of(ports, content.id, arrival.makers)
    gate = model_packages.gate(package, makers, entry.asked, now)
    counted = (model_packages.as_approval(package),) if package and gate.passed else ()
    return replace(found, results=[*found.results, gate], approvals=counted)


def evidence(
    entry: StageEntry,
    ports: StagePorts,
    arrival: Arrival,
    waived: Sequence[Waiver],
    tell: Tell,
    asked_before: bool = False,
) -> Found:
    """The gates that a yes is about: those of the evidence, what can run here, and what live promises."""
    content = arrival.content
    required = (*entry.gates, *ports.settings.gates)
    found, used = waivers.applied(gates.evaluate(content, required, ports.loopback), content, waived)
    settings = rollouts.settings_of(ports, arrival.request.endpoint)
    serves = settings.pins.live
    found += capture_gate.results(content, settings.capture, serves.capture if serves else None)
    schema = None if asked_before else compared(ports, arrival)
    if schema is None:
        return Found(found, waivers=used)
    known = content.id in entry.callers_know
    if schema.gained:
        tell(Event(f"it newly accepts: {'; '.join(schema.gained)}"))
    if schema.broken and known:
        tell(Event(f"its callers know by Pulumi.yaml: {'; '.join(schema.broken)}"))
    return Found(
        [*found, request_schema.gate(schema, known)],
        waivers=used,
        callers_know=schema.broken if known else (),
    )


def about_what(entry: StageEntry, ports: StagePorts, content: Manifest, found: Found) -> str:
    """What a yes to a release is about, by what its gates found."""
    known = found.callers_know if content.id in entry.callers_know else None
    return approvals.evidence(content, ports.name, found.waivers, known)


def in_force(entry: StageEntry, ports: StagePorts, release: str) -> tuple[Waiver, ...]:
    """What is waived of a release in a stage today; nothing where the stage's data allows no waivers."""
    if not entry.waivers:
        return ()
    return waivers.in_force(ports.waivers.of(release), ports.clock.now().date())


def makers_of(ports: StagePorts, release: str, others: Sequence[str] = ()) -> tuple[str, ...]:
    """Who made a release, as far as the stage knows, and `others`, whom other stages know."""
    return approvals.made(ports.makers.of(release), release, others).by


def keep_makers(ports: StagePorts, release: str, makers: Sequence[str]) -> None:
    """Have the stage know who made a release."""
    ports.makers.change(release, lambda kept: approvals.made(kept, release, makers))


def waivable(entry: StageEntry, ports: StagePorts, content: Manifest) -> dict[str, str]:
    """The gates of a release that failed and may be waived in a stage, each with the command."""
    if not entry.waivers:
        return {}
    until = ports.clock.now().date() + timedelta(days=entry.approval_days)
    return {
        gate.name: waivers.command(content.id, ports.name, gate.name, until)
        for gate in content.gates
        if not waivers.why_not(content, gate.name)
    }


def place_for_words(
    world: World, ports: StagePorts, found: Sequence[GateResult], may_waive: Collection[str], tell: Tell
) -> StagePorts:
    """The stage; made first where it is not there and a release lacks nothing but people's word.

    Otherwise there would be no place to keep that word.
    """
    lacking = {gate.name for gate in gates.failed(found)}
    words = {approvals.GATE, model_packages.GATE, *may_waive}
    if lacking & words and lacking <= words | gates.ASKING:
        return rollouts.provision(world, ports, tell)
    return ports


def _admitted(ports: StagePorts, request: Request) -> OpenRollout | None:
    """The rollout that this request opened before and did not end."""
    found = rollouts.found_open(ports, request.endpoint)
    if found is None:
        return None
    subject = found.subject
    return found if Request(subject.kind, subject.endpoint, subject.release) == request else None


def _live(ports: StagePorts, arrival: Arrival) -> ReleasePin | None:
    return rollouts.settings_of(ports, arrival.request.endpoint).pins.live


def compared(ports: StagePorts, arrival: Arrival) -> Compared | None:
    """What a release promises beside what live does; None where nothing is live, or the same release."""
    live = _live(ports, arrival)
    if live is None or live.release == arrival.content.id or not ports.artifacts.exists():
        return None
    try:
        served = ports.artifacts.manifest(live.release)
    except UsageError as error:
        return request_schema.unknown(error.cause)
    named_only = live.environment.get(request_schema.ROWS_WITHOUT_NAMES) == request_schema.REFUSE
    return request_schema.compare(served.input_schema, arrival.content.input_schema, named_only)
