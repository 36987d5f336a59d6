"""Export: what a stage serves, proven and let in as a promotion has it, for another system. Reads only."""

from release.domain import finished, gates, names
from release.domain.errors import ReleaseFailed, UsageError
from release.domain.exported import Exported, ExportedEndpoint, ExportedRelease, exported_release
from release.domain.ledger import Request
from release.domain.manifest import GateResult, Manifest
from release.domain.pins import ReleasePin
from release.operations import entering, fenced, rollouts, standing
from release.operations.entering import Arrival
from release.operations.promote import verify
from release.ports import Event, StagePorts, Tell, World


def export(world: World, stage: str, tell: Tell) -> Exported:
    """Every endpoint of a stage that serves: its pins agree with ledger and SageMaker, and its gates pass.

    While a rollout is open, what is live is exported, as it is promoted from there. Raises ReleaseFailed for
    a live release that is fenced, unapproved or lacks its evidence, UsageError where nothing serves or the
    bytes are not what was proven.
    """
    ports = world.stage(world.stages.entry(stage).name)
    serving = [name for name, settings in ports.settings.endpoints.items() if settings.live]
    if not serving:
        raise UsageError(
            f"No endpoint of {ports.name} serves a release: there is nothing to export.",
            "Nothing was written.",
            f"Bring one there first: {world.stages.entering(ports.name)}",
        )
    endpoints = tuple(_endpoint(world, ports, name, tell) for name in serving)
    settings = ports.settings
    return Exported(ports.name, settings.account, settings.region, endpoints, settings.training)


def _endpoint(world: World, ports: StagePorts, name: str, tell: Tell) -> ExportedEndpoint:
    standing.insist(ports, name, "source")
    settings = rollouts.settings_of(ports, name)
    pins = settings.pins
    assert pins.live is not None
    manifest = _proven(ports, pins.live, tell)
    _refuse_shut_out(world, ports, name, manifest, tell)
    return ExportedEndpoint(
        name,
        names.endpoint(name, ports.name),
        settings,
        live=exported_release(ports.name, name, pins.live, manifest),
        previous=_previous(world, ports, name, pins.previous, tell) if pins.previous else None,
    )


def _previous(world: World, ports: StagePorts, endpoint: str, pin: ReleasePin, tell: Tell) -> ExportedRelease:
    """The way back. A fence does not take it away here either: who goes there is told."""
    manifest = _proven(ports, pin, tell)
    fence = fenced.gate(world, ports, Request("promote", endpoint, pin.release), tell)
    if not fence.passed:
        tell(Event(f"previous, {pin.release}, is {fence.reason}", detail=True))
    return exported_release(ports.name, endpoint, pin, manifest, fenced=not fence.passed)


def _proven(ports: StagePorts, pin: ReleasePin, tell: Tell) -> Manifest:
    tell(Event(f"verifying {pin.release} in {ports.name}: manifest, image digest, artifact checksum"))
    return verify(ports, pin)


def _refuse_shut_out(world: World, ports: StagePorts, endpoint: str, content: Manifest, tell: Tell) -> None:
    """Raise ReleaseFailed where the stage would not let its live release in."""
    bad = gates.failed(_results(world, ports, endpoint, content, tell))
    if not bad:
        return
    entry = world.stages.entry(ports.name)
    reasons = "; ".join(f"{gate.name}: {gate.reason}" for gate in bad)
    raise ReleaseFailed(
        f"Release {content.id} of {endpoint} is refused by {ports.name}: {reasons}",
        "Nothing was exported.",
        gates.next_step(bad, content.id, ports.name, entering.waivable(entry, ports, content)),
    )


def _results(
    world: World, ports: StagePorts, endpoint: str, content: Manifest, tell: Tell
) -> list[GateResult]:
    entry = world.stages.entry(ports.name)
    request = Request("promote", endpoint, content.id)
    arrival = Arrival(request, content, makers=entering.makers_of(ports, content.id))
    newest_first = ports.ledger.newest_first() if ports.ledger.exists() else ()
    came = finished.entered(newest_first, endpoint, content.id)
    found = (
        entering.still(entry, ports, arrival, came, tell)
        if came
        else entering.results(entry, ports, arrival, tell)
    )
    return [*found.results, fenced.gate(world, ports, request, tell)]
