"""Data: exactly the rows that a release's model was trained on and measured with, proven by their hash."""

from dataclasses import dataclass
from pathlib import Path

from release.domain import data_version
from release.domain.data_version import DamagedData, DataVersion
from release.domain.errors import ServiceError, UsageError
from release.domain.manifest import Manifest
from release.operations import known
from release.ports import Event, StagePorts, Tell, World


@dataclass(frozen=True)
class Brought:
    """A release's data, in a file of this machine."""

    release: str
    version: str
    sha256: str
    size: int
    stage: str
    """In whose bucket it was."""
    file: Path


def bring(world: World, release: str, file: Path | None, tell: Tell) -> Brought:
    """Write a release's data to `file` (default: by the release's id in the project's folder for what is
    built), whatever stage keeps it.

    Raises UsageError for a release that no stage knows or that names no data, ServiceError where no stage has
    its bytes, or has others.
    """
    known.is_id(release)
    reached, unread = known.asked(world, lambda ports: ports, tell)
    stages = list(reached.values())
    content = _manifest(stages, release, unread, tell)
    version = data_version.of(content)
    if content.foreign is not None:
        raise UsageError(
            f"Release {release} is a container that somebody else built: its data was never handed over.",
            "No stage has it, so nothing was fetched.",
            f"Ask whoever made it, {content.source.get('made_by')}, for the data with SHA-256 "
            f"{content.source.get('data_sha256')}.",
        )
    if version is None:
        raise UsageError(
            f"The manifest of release {release} names no data: its model was trained before releases did.",
            "Nothing says which bytes it learned from, so nothing was fetched.",
            f"Make them anew from its commit, {content.source.get('git_commit') or 'which is unknown'}.",
        )
    target = file or world.build / "data" / f"{release}{Path(data_version.FILE).suffix}"
    damaged = []
    for ports in stages:
        try:
            if ports.data.fetch(version, target):
                return Brought(release, version.name, version.sha256, version.size, ports.name, target)
        except DamagedData as error:
            damaged.append(error.cause)
            tell(Event(f"damaged: {error.cause}", detail=True))
    raise _lost(version, content, damaged, unread)


def _manifest(stages: list[StagePorts], release: str, unread: list[str], tell: Tell) -> Manifest:
    """The first that is what the release's id says; why another is none is told."""
    for ports in stages:
        try:
            return ports.artifacts.manifest(release)
        except UsageError as error:
            tell(Event(f"{ports.name}: {error.cause}", detail=True))
    raise UsageError(
        f"No stage knows release {release}{known.as_far(unread)}.",
        "There is no manifest that would say which data is its, so nothing was fetched.",
        "See what is live where: ./slipway status",
    )


def _lost(version: DataVersion, content: Manifest, damaged: list[str], unread: list[str]) -> ServiceError:
    commit = content.source.get("git_commit") or "that it was made from"
    cause = f"No stage has the data {version.name} of release {content.id}{known.as_far(unread)}."
    if damaged:
        cause = f"The data {version.name} of release {content.id} is damaged: {'; '.join(damaged)}."
    return ServiceError(
        cause,
        "What was there is not what the model was trained on, so no file was written."
        if damaged
        else "Nothing was written.",
        "Where its model's folder still lies, the same ./slipway release puts it there again, and so does "
        f"dvc push for what was never there; else train at commit {commit} and compare data_sha256 with "
        f"{version.sha256}.",
    )
