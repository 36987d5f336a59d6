"""A stage's fences in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from release.domain.errors import ServiceError
from release.domain.fence import Fence, Signature
from tests.fakes.trouble import Trouble


@dataclass
class FakeFences:
    """What one stage keeps. `refusal` is what every look into it fails with."""

    trouble: Trouble
    now: Callable[[], datetime]
    by: str = "ci@here"
    kept: dict[str, Fence] = field(default_factory=dict)
    there: bool = True
    refusal: ServiceError | None = None

    def exists(self) -> bool:
        """As set."""
        self._look()
        return self.there

    def sign(self) -> Signature:
        """The one who works here."""
        return Signature(by=self.by, at=self.now().isoformat(timespec="milliseconds"))

    def of(self, release: str) -> Fence | None:
        """What is kept of a release."""
        self._look()
        return self.kept.get(release)

    def all(self) -> Sequence[Fence]:
        """All of it."""
        self._look()
        return [self.kept[release] for release in sorted(self.kept)]

    def change(self, release: str, change: Callable[[Fence | None], Fence | None]) -> Fence | None:
        """Keep what `change` makes of it."""
        self._look()
        known = self.kept.get(release)
        wanted = change(known)
        if wanted is not None and wanted != known:
            self.trouble.moment("fence")
            self.kept[release] = wanted
            self.trouble.moment()
        return wanted

    @property
    def standing(self) -> set[str]:
        """The releases that are fenced."""
        return {release for release, fence in self.kept.items() if fence.stands}

    def _look(self) -> None:
        if self.refusal is not None:
            raise self.refusal
