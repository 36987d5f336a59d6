"""What pinned releases need in a stage: asking whether it is all there, and bringing again what is not."""

from collections.abc import Sequence
from functools import cache

from release.domain import names, plan, preflight
from release.domain.errors import SlipwayError, UsageError
from release.domain.pins import ReleasePin
from release.domain.preflight import Facts
from release.ports import Event, StagePorts, Tell, World


class Stagewide:
    """What all endpoints of a stage have, asked once: they may share an image or an artifact.

    Models and configs are listed, as a name says all that its thing holds.
    """

    def __init__(self, ports: StagePorts) -> None:
        self._stage = ports.name
        self._configs, self._models = ports.endpoints.config_names(), ports.endpoints.model_names()
        self._role = _role(ports)
        self._sha256 = cache(ports.artifacts.model_sha256)
        self._has_image = cache(ports.registry.has)

    def problems(self, endpoint: str, pin: ReleasePin) -> list[str]:
        """What a pinned release needs and does not find."""
        config = plan.config_plan(self._stage, endpoint, pin)
        model = plan.model_plan(self._stage, endpoint, pin)
        there = model.name in self._models
        facts = Facts(
            config_model=model.name if config.name in self._configs else None,
            model_image=pin.image if there else None,
            model_data=pin.model if there else None,
            model_environment=pin.environment,
            object_sha256=self._sha256(pin.model),
            image_present=self._has_image(pin.digest),
            role_present=self._role,
        )
        return preflight.problems(pin, config.name, model.name, facts)


def problems(
    ports: StagePorts, endpoint: str, pin: ReleasePin, remake: bool, alarms: Sequence[str] = ()
) -> list[str]:
    """What one pinned release needs and does not find, asked in full; `remake` as in `preflight.problems`.

    `alarms` are those that the deployment to it names.
    """
    config = plan.config_plan(ports.name, endpoint, pin)
    model = plan.model_plan(ports.name, endpoint, pin)
    container = ports.endpoints.model_container(model.name) or {}
    facts = Facts(
        config_model=ports.endpoints.config_model(config.name),
        model_image=container.get("Image"),
        model_data=container.get("ModelDataUrl"),
        model_environment=container.get("Environment") or {},
        object_sha256=ports.artifacts.model_sha256(pin.model),
        image_present=ports.registry.has(pin.digest),
        role_present=_role(ports),
        alarms_missing=_missing_alarms(ports, alarms),
    )
    return preflight.problems(pin, config.name, model.name, facts, remake)


def _missing_alarms(ports: StagePorts, alarms: Sequence[str]) -> tuple[str, ...]:
    if not alarms:
        return ()
    there = {alarm.name for alarm in ports.signs.alarms(alarms, ports.clock.now())}
    return tuple(name for name in alarms if name not in there)


def missing(ports: StagePorts, endpoint: str, stage: Stagewide | None = None) -> tuple[str, ...]:
    """What live or the way back needs and does not find, each with the release that needs it."""
    stage, pins = stage or Stagewide(ports), ports.settings.endpoints[endpoint].pins
    named = (("live", pins.live), ("previous", pins.previous))
    return tuple(
        f"{role} {pin.release}: {problem}"
        for role, pin in named
        if pin
        for problem in stage.problems(endpoint, pin)
    )


def bring_again(world: World, ports: StagePorts, endpoint: str, urgent: bool, tell: Tell) -> None:
    """Bring the images and artifacts of live and previous again that the stage lost, and its role.

    Models, configs and the endpoint are made by the rollout's own `pulumi up`. Raises UsageError where
    nobody has an image or an artifact any more; where it is `urgent`, only for those of live.
    """
    pins = ports.settings.endpoints[endpoint].pins
    for pin in filter(None, (pins.live, pins.previous)):
        lost = []
        if not ports.registry.has(pin.digest):
            lost += [] if _image(world, ports, pin, tell) else [f"the image {pin.image}"]
        if ports.artifacts.model_sha256(pin.model) != pin.sha256:
            lost += [] if _artifact(world, ports, pin, tell) else [f"the artifact {pin.model}"]
        gone = f"{' and '.join(lost)} of {pin.release} is gone from {ports.name}, and no other stage has it."
        if lost and urgent and pin is pins.previous:
            tell(Event(gone, detail=True))
        elif lost:
            raise UsageError(
                gone,
                "It cannot be brought again, so nothing was changed.",
                f"Bring a good release, which takes its place: {world.stages.entering(ports.name)}",
            )
    if not _role(ports):
        tell(Event(f"{ports.name} has no execution role: pulumi up first"))
        ports.stack.up()


def _role(ports: StagePorts) -> bool:
    return ports.role_exists(names.execution_role(ports.name, ports.settings.region))


def _image(world: World, ports: StagePorts, pin: ReleasePin, tell: Tell) -> bool:
    for other in _others(world, ports, tell):
        if other.registry.has(pin.digest):
            tell(Event(f"copying the image of {pin.release} from {other.name}"))
            source = f"{other.registry.uri()}@{pin.digest}"
            ports.registry.copy_from(source, other.registry.login(), pin.digest, pin.release)
            return True
    return False


def _artifact(world: World, ports: StagePorts, pin: ReleasePin, tell: Tell) -> bool:
    if ports.artifacts.restore_model(pin.model, pin.sha256):
        tell(Event(f"the artifact of {pin.release} is there again, from an earlier version of its object"))
        return True
    for other in _others(world, ports, tell):
        uri = other.artifacts.model_uri(pin.sha256)
        if other.artifacts.model_sha256(uri) == pin.sha256:
            tell(Event(f"copying the artifact of {pin.release} from {other.name}"))
            ports.artifacts.copy_model(other.artifacts, uri, pin.sha256)
            return True
    return False


def _others(world: World, ports: StagePorts, tell: Tell) -> Sequence[StagePorts]:
    """The other stages that can be reached, those before this one first."""
    found = []
    for name in (name for name in world.stages.names if name != ports.name):
        try:
            found.append(world.stage(name))
        except SlipwayError as error:
            tell(Event(f"{name} cannot be asked: {error.cause}", detail=True))
    return found
