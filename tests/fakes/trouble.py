"""Trouble at a chosen moment: every call of a fake port passes here first, and once more after its effect."""

from collections.abc import Callable
from dataclasses import dataclass, field

from release.domain.errors import ServiceError


class Crash(BaseException):
    """The process dies here; nothing of it runs any more."""


@dataclass
class Trouble:
    """Counts the moments of a run; at `at` the trouble comes, if there is any."""

    at: int | None = None
    come: Callable[[], None] | None = None
    moments: int = 0
    watch: list[Callable[[], None]] = field(default_factory=list)
    """Asked at every moment: what has to hold always."""
    calls: list[str] = field(default_factory=list)
    """The effects in their order, as the fakes name them."""

    def moment(self, call: str = "") -> None:
        """One moment before or after an effect; before it, `call` says which."""
        if call:
            self.calls.append(call)
        for check in self.watch:
            check()
        self.moments += 1
        if self.moments == self.at and self.come is not None:
            self.come()

    def plan(self, at: int | None, come: Callable[[], None] | None) -> None:
        """From now on: count from nought, trouble at `at`."""
        self.at, self.come, self.moments = at, come, 0


def crash() -> None:
    """The process is killed."""
    raise Crash


def fault() -> None:
    """AWS or Pulumi fails: whether it did what was asked, nobody knows."""
    raise ServiceError("throttled", "", "run it again")
