"""A release that somebody has something to say about: what it is, by the stages that know it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from release.domain import names
from release.domain.errors import SlipwayError, UsageError
from release.domain.ledger import Kind, Subject
from release.domain.manifest import Manifest
from release.domain.said import Said
from release.domain.stages import StageEntry
from release.ports import Event, StagePorts, Tell, World

T = TypeVar("T")


@dataclass(frozen=True)
class Known:
    """A release, the stage that it is to enter, and who made it as far as the stages on the way know."""

    entry: StageEntry
    ports: StagePorts
    content: Manifest
    endpoint: str
    makers: tuple[str, ...]

    @property
    def release(self) -> str:
        """Its id."""
        return self.content.id

    @property
    def now(self) -> datetime:
        """The time."""
        return self.ports.clock.now()

    def record(self, kind: Kind, said: Said) -> None:
        """Put a person's word into the stage's ledger."""
        subject = Subject(kind=kind, endpoint=self.endpoint, release=self.release, rollout="")
        self.ports.ledger.append(subject, said)


def find(world: World, stage: str, release: str, tell: Tell) -> Known:
    """A release by its manifest, from the stage that it is to enter back to the first.

    Raises UsageError where the stage is not there yet, or no stage on the way knows the release.
    """
    is_id(release)
    entry = world.stages.entry(stage)
    ports = world.stage(entry.name)
    if not ports.artifacts.exists():
        raise UsageError(
            f"Nothing of {stage} is there yet, so it can keep nothing of what people say.",
            "Nothing was recorded.",
            f"Bring the release: {world.stages.entering(stage)}; it makes the stage, and then asks for this.",
        )
    ports.ledger.open()  # one that cannot be read is found before anything is written
    content: Manifest | None = None
    makers: list[str] = []
    unread = []
    order = world.stages.names[: world.stages.names.index(stage) + 1]
    for name in reversed(order):
        try:
            one = ports if name == stage else world.stage(name)
            kept = one.makers.of(release)
            makers += kept.by if kept else ()
            content = content or _manifest(one, release)
        except SlipwayError as error:
            if name == stage:
                raise
            unread.append(name)
            tell(Event(f"{name} cannot be read: {error.cause}", detail=True))
    if content is None:
        raise UsageError(
            f"No stage up to {stage} knows release {release}{as_far(unread)}.",
            "Nothing was recorded.",
            "See what is live where: ./slipway status",
        )
    endpoint = ports.settings.only_endpoint(content.service)
    return Known(entry, ports, content, endpoint, tuple(dict.fromkeys(makers)))


def asked(world: World, ask: Callable[[StagePorts], T], tell: Tell) -> tuple[dict[str, T], list[str]]:
    """What each stage says that is there, by its name, in their order; and the names of the unreadable ones.

    Why one cannot be read is told.
    """
    found, unread = {}, []
    for name in world.stages.names:
        try:
            ports = world.stage(name)
            if ports.artifacts.exists():
                found[name] = ask(ports)
        except SlipwayError as error:
            unread.append(name)
            tell(Event(f"{name} cannot be read: {error.cause}", detail=True))
    return found, unread


def as_far(unread: Sequence[str]) -> str:
    """What to add to "no stage": those that could not be read; nothing where all could."""
    return f", as far as can be read (not: {', '.join(unread)})" if unread else ""


def is_id(release: str) -> None:
    """Raises UsageError for what is no release's id."""
    if not names.is_release(release):
        raise UsageError(
            f"{release!r} is no release: an id is {names.RELEASE_ID_LENGTH} hexadecimal digits.",
            "Nothing was changed.",
            "See what is live where: ./slipway status",
        )


def _manifest(ports: StagePorts, release: str) -> Manifest | None:
    """The release's manifest where the stage has it."""
    try:
        return ports.artifacts.manifest(release)
    except UsageError:
        return None
