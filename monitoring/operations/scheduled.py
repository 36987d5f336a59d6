"""What a schedule begins: a look at all of a stage that is captured, and whether that is news.

A finding is told of once, so the hours that go on showing it are no news. An endpoint that fails keeps no
other one from being looked at. Nothing is asked of AWS where nothing is captured: such a stage may not be
there yet.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitoring.alerts.kept import Kept
from monitoring.operations.monitor import Asked
from monitoring.operations.telling import Room
from monitoring.operations.truth import Sources
from monitoring.operations.whole import Whole, whole
from monitoring.ports import CapturedHours
from release.domain.errors import SlipwayError
from release.domain.events import Event, Tell
from release.domain.pins import ReleasePin


@dataclass(frozen=True)
class Scheduled:
    """What the looks at one stage came to."""

    stage: str
    looks: tuple[Whole, ...]
    left_out: Mapping[str, str]
    """Endpoints where there is nothing to look at, each with why."""
    failed: Mapping[str, SlipwayError]
    """Endpoints that could not be looked at."""
    open: tuple[Kept, ...]
    """The findings that are open afterwards, of all endpoints."""

    @property
    def needs_a_person(self) -> bool:
        """Whether there is news, or something of which nobody is told but by this."""
        return any(look.told.news or look.untold for look in self.looks)

    @property
    def interrupted(self) -> bool:
        """Whether a look could not be made whole now, and one that is begun again may."""
        return any(look.interrupted for look in self.looks)

    @property
    def untold(self) -> Mapping[str, str]:
        """Who could not be told of findings, and why."""
        return {whom: why for look in self.looks for whom, why in look.told.failed.items()}


def scheduled(
    room: Room,
    records_of: Callable[[str], CapturedHours],
    truth_of: Callable[[str], Sources],
    asked: Asked,
    tell: Tell,
) -> Scheduled:
    """Look at every endpoint of the stage that is captured, one after the other."""
    looks: list[Whole] = []
    failed: dict[str, SlipwayError] = {}
    left_out = {
        name: why
        for name, endpoint in room.ports.settings.endpoints.items()
        if (why := _not_captured(endpoint.pins.live))
    }
    for name in room.ports.settings.endpoints:
        if name in left_out:
            continue
        tell(Event(f"looking at {name} in {room.ports.name}"))
        try:
            with room.world.explaining():
                looks.append(whole(room, records_of, truth_of, name, asked, tell))
        except SlipwayError as error:
            failed[name] = error
    found = tuple(room.findings.open()) if looks else ()
    return Scheduled(room.ports.name, tuple(looks), left_out, failed, found)


def _not_captured(live: ReleasePin | None) -> str:
    """Why there is nothing to look at; empty where there is something."""
    if live is None:
        return "it serves nothing"
    return "" if live.capture is not None else "it captures nothing"
