"""A model registry in memory."""

from collections.abc import Sequence

from release.domain.model_versions import Mark
from release.ports import Unreadable


class FakeModels:
    """Keeps each alias's bytes, and each version's tags."""

    exists = True

    def __init__(self) -> None:
        self.aliases: dict[str, str] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.down: str | Exception = ""
        self.unknown: set[str] = set()
        """The bytes of which it has no version."""

    def mark(self, service: str, marks: Sequence[Mark]) -> tuple[str, ...]:
        """They are kept, but of the unknown. Raises Unreadable while `down` says why, or what it is."""
        if self.down:
            raise self.down if isinstance(self.down, Exception) else Unreadable(self.down)
        for mark in (mark for mark in marks if mark.sha256 not in self.unknown):
            self.tags.setdefault(mark.sha256, {}).update(mark.tags)
            self.aliases |= dict.fromkeys(mark.aliases, mark.sha256)
        return tuple(mark.sha256 for mark in marks if mark.sha256 in self.unknown)
