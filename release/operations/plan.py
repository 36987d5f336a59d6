"""Plan: what `pulumi up` would do to each stage, and whether it would take away what a pin names. Reads only.

A pin counts whoever knows of it: the stage's file, the ledger (a file may be older, or was edited by hand),
and a rollout that is open.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from release.domain import planned, state
from release.domain.errors import SlipwayError
from release.domain.pins import EndpointSettings, Pins
from release.domain.planned import Named, PinChange, Source, StagePlan
from release.domain.stage import StageSettings
from release.ports import Event, StagePorts, Tell, World


def plan(world: World, stages: Sequence[str], base: str | None, tell: Tell) -> tuple[StagePlan, ...]:
    """What would be done to these stages, or to all, in order; `base` is a revision to compare pins with.

    A stage that cannot be told is named with the reason, and does not keep the others from being told.
    Raises UsageError for a stage that there is not.
    """
    names = [world.stages.entry(stage).name for stage in stages] or list(world.stages.names)
    return tuple(_stage(world, name, base, tell) for name in names)


def _stage(world: World, name: str, base: str | None, tell: Tell) -> StagePlan:
    tell(Event(f"asking what pulumi would do in {name}"))
    pins: tuple[PinChange, ...] = ()
    try:
        with world.explaining():
            pins = _pin_changes(world, name, base) if base else ()
            ports = world.stage(name)
            changes = ports.stack.preview()
            if changes is None:
                return StagePlan(name, made=False, pins=pins)
            endpoints = {*ports.settings.endpoints, *planned.endpoints_of(name, changes)}
            touched = planned.touched(name, list(_named(ports, endpoints)), changes)
    except SlipwayError as error:
        return StagePlan(name, pins=pins, failure=error)
    return StagePlan(name, changes=tuple(changes), touched=touched, pins=pins)


def _pin_changes(world: World, name: str, base: str) -> tuple[PinChange, ...]:
    return planned.pin_changes(_pins(world.settings_at(base, name)), _pins(world.settings(name)))


def _pins(settings: StageSettings | None) -> Mapping[str, EndpointSettings]:
    return settings.endpoints if settings else {}


def _named(ports: StagePorts, endpoints: Collection[str]) -> Iterator[Named]:
    """Whoever names something of these endpoints: first the file, whose word is mended first."""
    settings = ports.settings.endpoints
    for name, found in settings.items():
        yield Named(name, Source.FILE, found.pins)
    if not ports.ledger.exists():
        return

    def named(endpoint: str, source: Source, pins: Pins) -> Named:
        asked = settings[endpoint].instances if endpoint in settings else None
        return Named(endpoint, source, planned.typed(pins, asked))

    for found in ports.ledger.all_open():
        for pins in (found.opened.before, found.opened.after):
            yield named(found.subject.endpoint, Source.ROLLOUT, pins)
    for endpoint, pins in state.pins_left(ports.ledger.newest_first(), endpoints):
        yield named(endpoint, Source.LEDGER, pins)
