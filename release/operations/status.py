"""Status: what is live where by the pin, what SageMaker says, and where they disagree. Reads only."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from release.domain import landed, moves, names, plan, state
from release.domain.errors import SlipwayError
from release.domain.landed import Description
from release.domain.ledger import Stored
from release.domain.pins import EndpointSettings
from release.domain.state import TABLE, Does
from release.operations import needs, standing
from release.ports import StagePorts, World

AT_ONCE = 8
"""Questions to AWS under way at a time."""


@dataclass(frozen=True)
class EndpointStatus:
    """One endpoint of one stage."""

    stage: str
    endpoint: str
    live: str | None
    previous: str | None
    status: str
    """SageMaker's word for its state, or `not there`."""
    instances: int | None
    digest: str | None
    last: str
    """The last entry of the stage's ledger, in a few words."""
    rollout: str
    """The rollout that is open in the stage, in a few words; empty when there is none."""
    notes: list[str] = field(default_factory=list)
    """What the data asks for and nobody applied yet, and which of its releases are fenced."""
    disagreements: list[str] = field(default_factory=list)


def status(world: World, stages: Sequence[str]) -> list[EndpointStatus]:
    """The endpoints of these stages, or of all."""
    names_ = [world.stages.entry(stage).name for stage in stages] or list(world.stages.names)
    return [line for stage in names_ for line in _stage(world.stage(stage))]


def _stage(ports: StagePorts) -> list[EndpointStatus]:
    endpoints = ports.settings.endpoints
    with ThreadPoolExecutor(AT_ONCE) as pool:
        described = pool.map(
            lambda name: ports.endpoints.describe(names.endpoint(name, ports.name)), endpoints
        )
        descriptions = dict(zip(endpoints, described, strict=True))
        releases = {pin.release for settings in endpoints.values() for pin in settings.pins.named}
        marks = dict(zip(releases, pool.map(lambda name: _mark(ports, name), releases), strict=True))
    damage = ports.ledger.damage() if ports.ledger.exists() else ()
    last, rollout = ("cannot be read", "") if damage else _ledger(ports)

    lines = []
    for name, settings in endpoints.items():
        gone = needs.missing(ports, name)
        line = _line(ports.name, name, settings, descriptions[name], [*gone, *damage], last, rollout)
        line.disagreements.extend(_standing(ports, name, gone, damage, bool(line.disagreements)))
        line.notes.extend(filter(None, (marks[pin.release] for pin in settings.pins.named)))
        lines.append(line)
    return lines


def _standing(
    ports: StagePorts, endpoint: str, missing: tuple[str, ...], damage: tuple[str, ...], told: bool
) -> list[str]:
    """How an endpoint stands where a command refuses or mends that, and what ends it."""
    asked = standing.facts(ports, endpoint, missing, damage)
    lines = []
    for found in state.standings(asked):
        if not {Does.REFUSES, Does.MENDS}.isdisjoint(TABLE[found].does.values()):
            so, _, ends = state.told(found, asked, ports.name, endpoint)
            lines += [ends] if told else [so, ends]
    return lines


def _mark(ports: StagePorts, release: str) -> str:
    """The fence of a release in this stage, in words; empty when none stands."""
    try:
        found = ports.fences.of(release)
    except SlipwayError as error:
        return f"whether {release} is fenced cannot be read: {error.cause}"
    return f"{release} is {found}" if found and found.stands else ""


def _line(
    stage: str,
    name: str,
    settings: EndpointSettings,
    description: Description | None,
    gone: list[str],
    last: str,
    rollout: str,
) -> EndpointStatus:
    pins = settings.pins
    wanted = plan.config_plan(stage, name, pins.live) if pins.live else None
    problem = landed.compare(names.endpoint(name, stage), wanted, description)
    disagreements = [str(found) for found in problem]
    reason = landed.failure_reason(description)
    if reason and problem:
        disagreements.append(f"SageMaker's reason: {reason}")
    variants = (description or {}).get("ProductionVariants") or []
    return EndpointStatus(
        stage=stage,
        endpoint=name,
        live=pins.live.release if pins.live else None,
        previous=pins.previous.release if pins.previous else None,
        status=str(description["EndpointStatus"]) if description else "not there",
        instances=sum(v.get("CurrentInstanceCount") or 0 for v in variants) if description else None,
        digest=pins.live.digest if pins.live else None,
        last=last,
        rollout=rollout,
        notes=[_unapplied(stage, name, settings)] if moves.shape_differs(settings) else [],
        disagreements=disagreements + gone,
    )


def _unapplied(stage: str, name: str, settings: EndpointSettings) -> str:
    live = settings.pins.live
    assert live is not None
    return (
        f"runs on {live.type}, the data asks for {settings.instances.type}: "
        f"./slipway apply {stage} --endpoint {name}"
    )


def _ledger(ports: StagePorts) -> tuple[str, str]:
    """The last entry and the open rollout in words."""
    if not ports.ledger.exists():
        return "not provisioned", ""
    found = ports.ledger.open()
    entries = ports.ledger.latest(1)
    words = ""
    if found:
        alive = "under way" if ports.ledger.alive(found) else "stopped half-way"
        subject = found.subject
        words = f"{subject.kind} of {subject.release} ({subject.endpoint}) {alive} at {found.phase.value}"
    return _words(entries[-1]) if entries else "", words


def _words(stored: Stored) -> str:
    entry, subject = stored.entry, stored.entry.subject
    when = entry.at[5:16].replace("T", " ")
    return f"{subject.kind} {subject.release} {entry.what.event} {when}Z"
