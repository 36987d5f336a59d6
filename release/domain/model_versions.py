"""What a model registry should say of a stage: which version it serves, and which one was there before. Pure.

A version is known by the SHA-256 of its model.tar.gz, which its training tagged it with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from release.domain.pins import Pins, ReleasePin

CHAMPION = "champion"
"""What the last stage serves."""
ARCHIVED = "archived"
"""What the last stage served before, and would go back to."""
CANDIDATE = "candidate"
"""What the newest training made that passed its gates; the training says so."""
NO_STAGES = (CHAMPION, ARCHIVED, CANDIDATE)
"""Names that no stage may have, as each stage's name is the alias of what it serves."""


@dataclass(frozen=True)
class Mark:
    """What one version gets: aliases, which leave the version that had them, and tags."""

    sha256: str
    aliases: tuple[str, ...]
    tags: Mapping[str, str]


class ModelRegistry(Protocol):
    """Who keeps versions of models, and is told what the stages serve."""

    @property
    def exists(self) -> bool:
        """Whether the project has one."""

    def mark(self, service: str, marks: Sequence[Mark]) -> Sequence[str]:
        """Give versions of a service's model their aliases and tags; the SHA-256s that it does not have.

        Raises `release.ports.Unreadable`.
        """


def marks(stage: str, last: bool, pins: Pins, rollout: str | None) -> tuple[Mark, ...]:
    """The marks of what `pins` name in `stage`, the last one or not, and the rollout that left them."""
    found = []
    if pins.live:
        by = {f"slipway.rollout.{stage}": rollout} if rollout else {}
        tags = {**_tags(pins.live), **by}
        found.append(Mark(pins.live.sha256, (stage, CHAMPION) if last else (stage,), tags))
    if pins.previous and last and (pins.live is None or pins.previous.sha256 != pins.live.sha256):
        found.append(Mark(pins.previous.sha256, (ARCHIVED,), _tags(pins.previous)))
    return tuple(found)


def _tags(pin: ReleasePin) -> dict[str, str]:
    return {"slipway.release": pin.release, "slipway.image": pin.digest}
