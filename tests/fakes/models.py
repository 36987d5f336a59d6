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
        self.down = ""

    def mark(self, service: str, marks: Sequence[Mark]) -> None:
        """They are kept. Raises Unreadable while `down` says why."""
        if self.down:
            raise Unreadable(self.down)
        for mark in marks:
            self.tags.setdefault(mark.sha256, {}).update(mark.tags)
            self.aliases |= dict.fromkeys(mark.aliases, mark.sha256)
