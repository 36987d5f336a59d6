"""The champion: the live model that a new one of the same service is compared with, from the stage itself."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from release.domain.errors import UsageError
from release.domain.pins import ReleasePin
from release.ports import Event, StagePorts, Tell, World


@dataclass(frozen=True)
class Champion:
    """A live release, and the bytes of its model.tar.gz, which are those of its pin."""

    stage: str
    release: str
    model: bytes


def champion(world: World, service: str, stage: str | None, tell: Tell) -> Champion | None:
    """What `stage` serves of a service; without a stage, what the last one does that serves any of it.

    None where no pin of those stages is of that service; what is in the artifact of a foreign release only
    its container knows. Raises UsageError for a stage that is asked for and serves none, and for bytes that
    are not those of the pin.
    """
    stages = (world.stages.entry(stage).name,) if stage else tuple(reversed(world.stages.names))
    for name in stages:
        for endpoint, pin in _live(world, name, stage is not None, tell):
            ports = world.stage(name)
            content = ports.artifacts.manifest(pin.release)
            if content.trained_as == service and content.foreign is not None:
                tell(Event(f"{pin.release}, live at {endpoint} in {name}, is of others: it is no champion"))
            elif content.trained_as == service:
                tell(Event(f"the champion is {pin.release}, live at {endpoint} in {name}"))
                return Champion(name, pin.release, model_of(ports, pin))
    if stage:
        raise UsageError(
            f"No endpoint of {stage} serves a release of {service}.",
            "There is nothing to compare with, so nothing was trained.",
            "Name a stage that does, a model.tar.gz, or none: --champion none",
        )
    return None


def _live(world: World, stage: str, asked: bool, tell: Tell) -> Iterator[tuple[str, ReleasePin]]:
    """The endpoints that a stage's file says have a live release; without a file none, which is told."""
    try:
        endpoints = world.settings(stage).endpoints
    except UsageError as error:
        if asked:
            raise
        tell(Event(f"{stage} is not looked into for a champion: {error.cause}", detail=True))
        return
    for endpoint, settings in endpoints.items():
        if settings.pins.live:
            yield endpoint, settings.pins.live


def model_of(ports: StagePorts, pin: ReleasePin) -> bytes:
    """The artifact of a pin. Raises UsageError for bytes that are not those of the pin."""
    model = ports.artifacts.read_model(pin.model)
    found = hashlib.sha256(model).hexdigest()
    if found != pin.sha256:
        raise UsageError(
            f"The bytes of {pin.model} have SHA-256 {found}, the pin says {pin.sha256}.",
            "They are not the model that was proven, so nothing was compared.",
            "See ./slipway status, which names what restores it.",
        )
    return model
