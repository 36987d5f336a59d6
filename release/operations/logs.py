"""What an endpoint's containers printed last: the first thing to read when one of them does not start."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from release.domain import names
from release.domain.diagnosis.symptoms import LogStream
from release.ports import World

EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Printed:
    """One endpoint's log. `streams` are its containers' (`<variant>/<instance>`), the youngest last."""

    stage: str
    endpoint: str
    group: str
    streams: Sequence[LogStream]


def logs(world: World, stage: str, endpoint: str | None, variant: str = "") -> Printed:
    """The last lines of the containers that started last, of one variant or of all, without their telemetry.

    Changes nothing. `streams` is empty where no container has printed anything.
    """
    ports = world.stage(world.stages.entry(stage).name)
    name = ports.settings.only_endpoint(endpoint)
    group = names.log_group(name, ports.name)
    found = [
        each for each in ports.signs.logs(group, EVER) if each.name.startswith(f"{variant}/" * bool(variant))
    ]
    return Printed(ports.name, name, group, found[::-1])
