"""The Git repository of a stage's file in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field

from release.domain.repository import Checkout, Committed, Message


@dataclass
class FakeRepository:
    """By default no repository tracks the file."""

    tracks: bool = False
    dirty: bool = False
    behind: int = 0
    besides: bool = False
    refusal: Exception | None = None
    """What git fails with."""
    commits: list[Message] = field(default_factory=list)
    branches: dict[str, tuple[str, Message]] = field(default_factory=dict)

    def checkout(self) -> Checkout | None:
        """As set."""
        return Checkout(self.dirty, self.behind, "origin/main") if self.tracks else None

    def commit(self, message: Callable[[], Message]) -> Committed | None:
        """Keeps what the commit says."""
        if not self.tracks:
            return None
        if self.refusal is not None:
            raise self.refusal
        self.commits.append(message())
        return Committed(f"{len(self.commits):07x}", self.besides)

    def branch(self, name: str, text: str, message: Message) -> str:
        """Keeps the branch."""
        if self.refusal is not None:
            raise self.refusal
        self.branches[name] = (text, message)
        return f"{len(self.branches):07x}"
