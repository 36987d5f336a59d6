"""Status: what is live where by the pin, what SageMaker says, and where they disagree. Reads only."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice, tee

from release.domain import landed, moves, names, plan, state
from release.domain.errors import Damaged, SlipwayError
from release.domain.landed import Description
from release.domain.ledger import OpenRollout, Stored
from release.domain.pins import EndpointSettings, Pins
from release.domain.plan import ConfigPlan
from release.domain.state import TABLE, Does, Standing
from release.operations import approve, needs, standing
from release.ports import StagePorts, World

AT_ONCE = 8
"""Questions to AWS under way at a time."""
LOOKED_AT = 100
"""So many of the newest entries are looked at for the last one of each endpoint."""


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
    """The endpoint's last entry among the newest of the stage's ledger, in a few words."""
    rollout: str
    """The endpoint's rollout that is open, in a few words; empty when there is none."""
    provisioned: bool = True
    """Whether anything of the stage exists yet."""
    notes: list[str] = field(default_factory=list)
    """What the data asks for and nobody applied yet, what is fenced, how what would come next is approved."""
    disagreements: list[str] = field(default_factory=list)


def status(world: World, stages: Sequence[str]) -> list[EndpointStatus]:
    """The endpoints of these stages, or of all."""
    names_ = [world.stages.entry(stage).name for stage in stages] or list(world.stages.names)
    lines = []
    for ports in map(world.stage, names_):
        for line in _stage(ports):
            awaited = approve.awaited(world, ports, line.endpoint) if line.provisioned else ""
            lines.append(replace(line, notes=[*line.notes, *filter(None, [awaited])]))
    return lines


def _stage(ports: StagePorts) -> list[EndpointStatus]:
    endpoints = ports.settings.endpoints
    with ThreadPoolExecutor(AT_ONCE) as pool:
        described = pool.map(
            lambda name: ports.endpoints.describe(names.endpoint(name, ports.name)), endpoints
        )
        descriptions = dict(zip(endpoints, described, strict=True))
        releases = {pin.release for settings in endpoints.values() for pin in settings.pins.named}
        marks = dict(zip(releases, pool.map(lambda name: _mark(ports, name), releases), strict=True))
        there = ports.ledger.exists()
        own = needs.Stagewide(ports) if there else None
        lacking = pool.map(lambda name: needs.missing(ports, name, own) if own else (), endpoints)
        missing = dict(zip(endpoints, lacking, strict=True))
    bounds = ports.endpoints.bounds(
        [names.endpoint(name, ports.name) for name, settings in endpoints.items() if settings.pins.live]
    )
    damage = ports.ledger.damage() if there else ()
    readable = there and not damage
    opened = ports.ledger.all_open() if readable else ()
    last, left = _ledger(ports) if readable else ({}, None)
    asked = standing.Asked(descriptions, left, opened) if left is not None else None
    told = {one.subject.endpoint: _told(ports, one) for one in opened}
    held = next((one.subject.endpoint for one in opened if not one.rests), "")
    unread = "" if readable else "cannot be read" if there else "not provisioned"

    lines = []
    for name, settings in endpoints.items():
        gone = missing[name]
        rests = next((one for one in opened if one.rests and one.subject.endpoint == name), None)
        wanted = _wanted(ports.name, name, settings, rests)
        line = _line(ports.name, name, settings, wanted, descriptions[name], [*gone, *damage])
        line = replace(line, last=last.get(name, unread), rollout=told.get(name, ""), provisioned=there)
        line.disagreements.extend(_standing(ports, name, gone, damage, asked, bool(line.disagreements)))
        line.notes.extend(_unapplied(ports, name, settings, bounds.get(names.endpoint(name, ports.name))))
        line.notes.extend([f"the stage is held by the {told[held]}"] if held not in ("", name) else [])
        line.notes.extend(filter(None, (marks[pin.release] for pin in settings.pins.named)))
        lines.append(line)
    return lines


def _standing(
    ports: StagePorts,
    endpoint: str,
    missing: tuple[str, ...],
    damage: tuple[str, ...],
    asked: standing.Asked | None,
    told: bool,
) -> list[str]:
    """How an endpoint stands where a command refuses or mends that, and what ends it."""
    facts = standing.facts(ports, endpoint, missing, damage, asked)
    lines = []
    for found in state.standings(facts):
        if not {Does.REFUSES, Does.MENDS}.isdisjoint(TABLE[found].does.values()):
            told = told and found is not Standing.EMPTY
            so, _, ends = state.told(found, facts, ports.name, endpoint, ports.entering)
            lines += [ends] if told else [so, ends]
    return lines


def _mark(ports: StagePorts, release: str) -> str:
    """The fence of a release in this stage, in words; empty when none stands."""
    try:
        found = ports.fences.of(release)
    except SlipwayError as error:
        return f"whether {release} is fenced cannot be read: {error.cause}"
    return f"{release} is {found}" if found and found.stands else ""


def _wanted(
    stage: str, name: str, settings: EndpointSettings, rests: OpenRollout | None
) -> ConfigPlan | None:
    """What SageMaker has to serve: the live release alone, or beside the candidate of an experiment."""
    if rests is not None:
        opened = rests.opened
        assert opened.experiment is not None
        return plan.compared_plan(stage, name, opened.before, opened.after, opened.experiment.percent)
    return plan.config_plan(stage, name, settings.pins.live) if settings.pins.live else None


def _line(
    stage: str,
    name: str,
    settings: EndpointSettings,
    wanted: ConfigPlan | None,
    description: Description | None,
    gone: list[str],
) -> EndpointStatus:
    pins = settings.pins
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
        last="",
        rollout="",
        disagreements=disagreements + gone,
    )


def _unapplied(
    ports: StagePorts, name: str, settings: EndpointSettings, bounds: tuple[int, int] | None
) -> Iterator[str]:
    """What the data asks for and the endpoint does not have yet, and what brings it."""
    live, asked = settings.pins.live, settings.instances
    if settings.proposed is not None:
        release = settings.proposed.release
        yield f"{release} is proposed, and was not rolled out: ./slipway promote {ports.name} --merged"
    for difference in moves.unapplied(settings):
        yield f"{difference}: ./slipway apply {ports.name} --endpoint {name}"
    if live is not None and bounds not in (None, (asked.min, asked.max)):
        least, most = bounds
        yield (
            f"scales from {least} to {most} instances, the data asks for {asked.min} to {asked.max}: "
            f"pulumi up --stack {ports.name}"
        )


def _ledger(ports: StagePorts) -> tuple[dict[str, str], dict[str, Pins] | None]:
    """The last entry of each endpoint, in words, and the pins that were left; each entry is read once.

    The pins are None where an old entry cannot be read: then each endpoint is asked about by itself.
    """
    for_last, for_left = tee(ports.ledger.newest_first())
    last = _last(ports, for_last)
    try:
        return last, dict(state.pins_left(for_left, ports.settings.endpoints))
    except Damaged:
        return last, None


def _last(ports: StagePorts, newest_first: Iterable[Stored]) -> dict[str, str]:
    found: dict[str, str] = {}
    for stored in islice(newest_first, LOOKED_AT):
        found.setdefault(stored.entry.subject.endpoint, _words(stored))
        if found.keys() >= ports.settings.endpoints.keys():
            break
    return found


def _told(ports: StagePorts, found: OpenRollout) -> str:
    """An open rollout in words."""
    subject = found.subject
    if found.rests:
        return f"experiment {found.id} of {subject.endpoint}: {found.compares}"
    alive = "under way" if ports.ledger.alive(found) else "stopped half-way"
    return f"{subject.kind} of {subject.release} ({subject.endpoint}) {alive} at {found.phase.value}"


def _words(stored: Stored) -> str:
    entry, subject = stored.entry, stored.entry.subject
    when = entry.at[5:16].replace("T", " ")
    return f"{subject.kind} {subject.release} {entry.what.event} {when}Z"
