"""The Git repository of a stage's file in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from release.domain.repository import Checkout, Committed, Message
from tests.fakes.pulumi import FakeStageFile


@dataclass
class FakeRepository:
    """No repository tracks the file until `track`."""

    file: FakeStageFile
    head: Any = None
    """The pins and proposals of HEAD."""
    behind: int = 0
    refusal: Exception | None = None
    """What git fails with."""
    commits: list[Message] = field(default_factory=list)
    branches: dict[str, tuple[str, Message]] = field(default_factory=dict)

    def track(self) -> None:
        """From now on one does; HEAD has the file as it is."""
        self.head = self._now()

    def checkout(self) -> Checkout | None:
        """Dirty where the file is not as HEAD has it."""
        return Checkout(self._now() != self.head, self.behind, "origin/main") if self.head else None

    def commit(self, message: Callable[[], Message]) -> Committed | None:
        """Keeps what the commit says."""
        if not self.head or self._now() == self.head:
            return None
        if self.refusal is not None:
            raise self.refusal
        self.commits.append(message())
        self.track()
        return Committed(f"{len(self.commits):07x}", besides=False)

    def branch(self, name: str, text: str, message: Message) -> str:
        """Keeps the branch."""
        if self.refusal is not None:
            raise self.refusal
        self.branches[name] = (text, message)
        return f"{len(self.branches):07x}"

    def _now(self) -> Any:
        return {name: (values.pins, values.proposed) for name, values in self.file.endpoints.items()}
