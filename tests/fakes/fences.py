"""A stage's fences in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from release.domain.fence import Fence, Signature
from tests.fakes.records import FakeRecords


@dataclass
class FakeFences(FakeRecords[Fence]):
    """What one stage keeps."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    by: str = "ci@here"

    def sign(self) -> Signature:
        """The one who works here."""
        return Signature(by=self.by, at=self.now().isoformat(timespec="milliseconds"))

    @property
    def standing(self) -> set[str]:
        """The releases that are fenced."""
        return {release for release, fence in self.kept.items() if fence.stands}
