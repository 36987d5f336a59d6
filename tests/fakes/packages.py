"""SageMaker's Model Registry in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from release.domain.errors import ServiceError
from release.domain.manifest import Manifest
from release.domain.model_packages import Package, Status
from release.domain.pins import ReleasePin
from release.domain.said import Caller


class FakePackages:
    """Keeps each release's versions and the groups' tags. `caller` decides, at `now`."""

    def __init__(self, caller: Callable[[], Caller], now: Callable[[], datetime]) -> None:
        self._caller, self._now = caller, now
        self.made: list[tuple[str, Package]] = []
        """Each version with its release, the oldest first."""
        self.tags: dict[str, dict[str, str]] = {}
        self.down = ""

    def versions(self, endpoint: str, release: str) -> Sequence[Package]:
        """Those of the release. Raises ServiceError while `down` says why."""
        if self.down:
            raise ServiceError(self.down, "Nothing was changed.")
        return tuple(package for of, package in reversed(self.made) if of == release)

    def register(self, endpoint: str, content: Manifest, pin: ReleasePin) -> Package:
        """One version more, which waits."""
        number = len(self.made) + 1
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{endpoint}/{number}"
        package = Package(arn, number, pin.image, pin.model, "PendingManualApproval")
        self.made.append((content.id, package))
        return package

    def decide(self, package: Package, status: Status, reason: str) -> None:
        """It has another status."""
        by, at = self._caller().arn, self._now()
        said = replace(package, status=status, reason=reason, by=by, at=at)
        self.made = [(of, said if one.arn == package.arn else one) for of, one in self.made]

    def mark(self, endpoint: str, tags: Mapping[str, str]) -> None:
        """The group has these tags too."""
        self.tags.setdefault(endpoint, {}).update(tags)
