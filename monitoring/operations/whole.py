"""All of one endpoint in one look: new hours, drift, quality where truth is told, who hears, what is next."""

from collections.abc import Callable
from dataclasses import dataclass

from monitoring.finding import Finding
from monitoring.operations import answers
from monitoring.operations.answers import Asking
from monitoring.operations.monitor import Asked, Monitored, monitor
from monitoring.operations.quality import Told as Measured
from monitoring.operations.quality import look, quality
from monitoring.operations.telling import Room, Told, tell_all
from monitoring.operations.truth import Sources
from monitoring.ports import CapturedHours
from release.domain.errors import ServiceError, SlipwayError
from release.domain.events import Tell


@dataclass(frozen=True)
class Whole:
    """What a look at all of an endpoint came to."""

    hours: Monitored
    quality: Measured | None
    """None where the stage's file says no truth, or it could not be measured."""
    failure: SlipwayError | None
    """Why it could not; None where it was, or was not wanted."""
    told: Told
    asks: Asking
    """The finding of this endpoint that asks for a retrain."""

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody has to look: at what is noticed and no person has dismissed, or at why nothing
        can be told."""
        return self.untold or any(one.id not in self.told.dismissed for one in self.noticed)

    @property
    def noticed(self) -> tuple[Finding, ...]:
        """All findings that hold."""
        quality = self.quality.quality.findings if self.quality else ()
        return (*self.hours.deciding.standing, *quality)

    @property
    def untold(self) -> bool:
        """Whether something cannot be told, of which no finding speaks."""
        unjudged = self.quality is not None and self.quality.unjudged
        return self.hours.blind or unjudged or bool(self.failure and not self.interrupted)

    @property
    def interrupted(self) -> bool:
        """Whether the look at labels could not be made now, and one that is begun again may: records are
        being forgotten, say."""
        return isinstance(self.failure, ServiceError)

    @property
    def unmeasured(self) -> str:
        """The failure in words; empty without one."""
        return " ".join((self.failure.cause, self.failure.next_step)) if self.failure else ""


def measured(
    room: Room, truth_of: Callable[[str], Sources], endpoint: str | None, again: str = ""
) -> Measured:
    """Take in new truth, and keep what it shows as findings. Raises UsageError as `quality` does."""
    found = quality(room.ports, truth_of, endpoint, again)
    rules = room.ports.settings.endpoints[found.quality.subject.endpoint].monitoring.quality
    room.findings.note(found.quality.findings, look(found.quality, rules.window_days))
    return found


def whole(
    room: Room,
    records_of: Callable[[str], CapturedHours],
    truth_of: Callable[[str], Sources],
    endpoint: str | None,
    asked: Asked,
    tell: Tell,
) -> Whole:
    """Look at all of an endpoint, keep what is noticed, and tell of it.

    Truth that cannot be read ends no look: what the hours show is kept and told all the same. Raises
    UsageError as `monitor` does.
    """
    hours = monitor(room.ports, records_of, room.findings, endpoint, asked, tell)
    found, failure = None, None
    if room.ports.settings.endpoints[hours.endpoint].monitoring.quality.truth is not None:
        try:
            with room.world.explaining():
                found = measured(room, truth_of, hours.endpoint)
        except SlipwayError as error:
            failure = error
    told = tell_all(room, tell)
    return Whole(hours, found, failure, told, answers.asking(room.ports, room.findings, hours.endpoint))
