"""What a stage keeps of releases, one record each: how whoever reads and changes it is answered."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from release.domain.pins import Data

Kept = TypeVar("Kept", bound=Data)


class Records(Protocol[Kept]):
    """The records of one kind in one stage. Methods raise SlipwayError when they cannot be read."""

    def exists(self) -> bool:
        """Whether the stage has a place for them yet."""

    def of(self, release: str) -> Kept | None:
        """What is kept of a release; None when nothing is."""

    def all(self) -> Sequence[Kept]:
        """All that is kept."""

    def change(self, release: str, change: Callable[[Kept | None], Kept | None]) -> Kept | None:
        """Keep what `change` makes of what is kept, as one step; returns it."""
