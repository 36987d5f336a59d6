"""A release as a version in SageMaker's Model Registry: what it holds, and whether its approval counts. Pure.

A stage has one group for each endpoint, and a version for each release, which people approve or reject in
SageMaker's console, or by `./slipway approve`. A version can be given no tags: the aliases of
`model_versions.py` are tags of its group, whose values are the versions' numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from release.domain import approvals
from release.domain.approvals import Approval, Asked
from release.domain.manifest import GateResult, Manifest
from release.domain.model_versions import Mark
from release.domain.pins import ReleasePin
from release.domain.said import shown

GATE, REJECTED = "model_package", "model_package_rejected"
Status = Literal["Approved", "Rejected", "PendingManualApproval"]
_ALIAS, _ROLLOUT = "slipway:alias:", "slipway:rollout"


@dataclass(frozen=True)
class Package:
    """One version: what it would serve, and what was last said of it, by whom (an ARN) and when.

    `by` and `at` are empty while nobody changed it since it was made.
    """

    arn: str
    number: int
    image: str
    model: str
    status: Status
    by: str = ""
    at: datetime | None = None
    reason: str = ""


class ModelPackages(Protocol):
    """A stage's groups in SageMaker's Model Registry, one for each endpoint."""

    def versions(self, endpoint: str, release: str) -> Sequence[Package]:
        """The versions that were made of a release, the newest first."""

    def register(self, endpoint: str, content: Manifest, pin: ReleasePin) -> Package:
        """The version that it makes, which waits for its approval; and the group where there is none."""

    def decide(self, package: Package, status: Status, reason: str) -> None:
        """Say in the caller's name what becomes of a version."""

    def mark(self, endpoint: str, tags: Mapping[str, str]) -> None:
        """Give the group these tags."""


def of(found: Iterable[Package], digest: str, model: str) -> Package | None:
    """The version that is exactly this image and this artifact; whoever may change one may change both."""
    return next((one for one in found if one.image.endswith(f"@{digest}") and one.model == model), None)


def gate(package: Package | None, makers: Sequence[str], asked: Asked, now: datetime) -> GateResult:
    """The gate of a release that has to be an approved version, where its version is this one."""
    why = _why_not(package, makers, asked, now)
    if package is None or why:
        rejected = package is not None and package.status == "Rejected"
        return GateResult(name=REJECTED if rejected else GATE, passed=False, reason=why)
    said = f": {package.reason}" if package.reason else ""
    reason = f"version {package.number} was approved by {shown(package.by)}{said}"
    return GateResult(name=GATE, passed=True, reason=reason)


def _why_not(package: Package | None, makers: Sequence[str], asked: Asked, now: datetime) -> str:
    if package is None:
        return "SageMaker's Model Registry has no version of it"
    named = f"version {package.number} in SageMaker's Model Registry"
    if package.status == "Rejected":
        said = f": {package.reason}" if package.reason else ""
        return f"{named} was rejected by {shown(package.by) or 'whoever made it'}{said}"
    if package.status != "Approved":
        return f"{named} waits for its approval ({package.arn})"
    if not package.by or package.at is None:
        return f"{named} was made as approved, and nobody approved it since"
    people = {approvals.person(maker, asked.named_sessions) for maker in makers}
    approver = f"{named} was approved by {shown(package.by)}"
    if approvals.person(package.by, asked.named_sessions) in people:
        return f"{approver}, who released it"
    if nobody := approvals.no_person(package.by, asked.named_sessions):
        return f"{approver}, which {nobody}: {approvals.BECOME_SOMEBODY}"
    if not people and not asked.people:
        return (
            f"{approver}, and nobody knows who released it, which may be the same one: release it anew, or "
            "have the stage ask for `approvals: 1` besides"
        )
    if now - package.at > timedelta(days=asked.days):
        return f"{named} was approved more than {asked.days} days ago"
    return ""


def as_approval(package: Package) -> Approval:
    """A version's approval, as the ledger keeps it."""
    at = package.at.isoformat(timespec="milliseconds") if package.at else ""
    return Approval(by=package.by, reason=package.reason or "approved in SageMaker's Model Registry", at=at)


def tags(marks: Sequence[Mark], numbers: Mapping[str, int]) -> dict[str, str]:
    """The tags by which a group says which version has which alias; `numbers` are those of the releases."""
    found: dict[str, str] = {}
    for mark in marks:
        number = numbers.get(mark.tags["slipway.release"])
        if number is not None:
            found |= {f"{_ALIAS}{alias}": str(number) for alias in mark.aliases}
            rollouts = [value for key, value in mark.tags.items() if key.startswith("slipway.rollout.")]
            if rollouts:
                found[_ROLLOUT] = rollouts[0]
    return found
