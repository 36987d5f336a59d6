"""Apply: the live release serves, on the fleet that the stage's data asks for.

`pulumi up` does not do it: another instance type or environment is another endpoint config and another
fleet, so it is rolled out like a release, by the stage's strategy and under its alarms. An endpoint that
somebody moved from outside is brought back first, as a rollback goes: at once. One that was deleted, and
whatever live or the way back needs and does not find, is made again from the pins.
"""

from release.domain import capture_gate, moves, state
from release.domain.errors import UsageError
from release.domain.pins import EndpointSettings
from release.operations import fenced, judging, needs, quota, recording, registries, rollouts, standing
from release.operations.land import Grounds, Landed, land, mend
from release.ports import Event, StagePorts, Tell, World


def apply(world: World, stage: str, endpoint: str | None, tell: Tell, reason: str = "") -> Landed:
    """Bring what serves back to the live release, and roll that out on the fleet of the settings.

    Raises UsageError when nothing is live, ReleaseFailed when it was taken back.
    """
    ports = world.stage(world.stages.entry(stage).name)
    name = ports.settings.only_endpoint(endpoint)
    settings = rollouts.settings_of(ports, name)
    found = state.standing(standing.insist(ports, name, "apply", needs.missing(ports, name)))
    live = settings.pins.live
    if live is None:
        raise UsageError(
            f"Endpoint {name} has no live release in {stage}.",
            "There is no fleet to change, so nothing was changed.",
            "The first release gets the instance type that the settings ask for.",
        )
    if state.TABLE[found].does["apply"] is state.Does.MENDS:
        tell(Event(f"{name} is {found}: {live.release} is brought back"))
        if found is not state.Standing.MOVED:
            ports.stack.ready()
        needs.bring_again(world, ports, name, found is not state.Standing.LACKING, tell)
        fenced.warn(ports, live.release, tell)
        mended = mend(ports, name, live, reason, tell)
        if not moves.shape_differs(settings):
            return mended
    if not moves.shape_differs(settings) and rollouts.found_open(ports, name) is None:
        tell(Event(f"{live.release} runs on {live.type} already, with the variables of the settings"))
        registries.tell(ports, name, settings.pins, None, tell)
        recording.rollout(ports, name, tell)
        return Landed(stage, name, live.release, changed=False)
    _refuse_capture(ports, settings)
    judging.refuse_impossible(ports, name, None, None, tell)
    quota.refuse_short(ports, name, tell)
    fenced.warn(ports, live.release, tell)
    return land(ports, "apply", name, live, Grounds(reason=reason), tell)


def _refuse_capture(ports: StagePorts, settings: EndpointSettings) -> None:
    """Refuse a capture that would keep what the live release says is sensitive, or that it cannot do."""
    if settings.capture is None or settings.live is None:
        return
    content = ports.artifacts.manifest(settings.live.release)
    for gate in capture_gate.results(content, settings.capture, None):
        if not gate.passed:
            raise UsageError(
                f"{content.id} cannot be captured so: {gate.reason}.",
                "Nothing was changed.",
                capture_gate.next_step(ports.name, gate.reason),
            )
