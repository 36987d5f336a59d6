"""What a stage keeps of releases, in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic

from release.domain.errors import ServiceError
from release.domain.records import Kept
from tests.fakes.trouble import Trouble


@dataclass
class FakeRecords(Generic[Kept]):
    """Records of one kind. `refusal` is what every look into them fails with, `noun` what one is called."""

    trouble: Trouble
    noun: str
    kept: dict[str, Kept] = field(default_factory=dict)
    there: bool = True
    refusal: ServiceError | None = None

    def exists(self) -> bool:
        """As set."""
        self._look()
        return self.there

    def of(self, release: str) -> Kept | None:
        """What is kept of a release."""
        self._look()
        return self.kept.get(release)

    def all(self) -> Sequence[Kept]:
        """All of it."""
        self._look()
        return [self.kept[release] for release in sorted(self.kept)]

    def change(self, release: str, change: Callable[[Kept | None], Kept | None]) -> Kept | None:
        """Keep what `change` makes of it."""
        self._look()
        known = self.kept.get(release)
        wanted = change(known)
        if wanted is not None and wanted != known:
            self.trouble.moment(self.noun)
            self.kept[release] = wanted
            self.trouble.moment()
        return wanted

    def _look(self) -> None:
        if self.refusal is not None:
            raise self.refusal
