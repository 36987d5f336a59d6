"""What is to be released, composed: of this checkout and its training, or of a container of others."""

import hashlib
import tarfile
from dataclasses import dataclass
from pathlib import Path

from release.domain import data_version, foreign, manifest, pointer
from release.domain.errors import UsageError
from release.domain.manifest import Manifest, ModelRecord
from release.ports import Event, Image, StagePorts, Tell, World

FILES = ("model.tar.gz", "evidence.json", "golden.json")
"""What training leaves, and a release needs."""


@dataclass(frozen=True)
class Given:
    """A container of others: its image by digest, its artifact and the file with its evidence."""

    image: str
    artifact: Path
    evidence: Path


@dataclass(frozen=True)
class Composed:
    """A release that is in no stage yet: image, manifest, artifact and golden requests."""

    image: Image
    content: Manifest
    archive: Path
    golden: bytes
    trained: Path | None = None
    """The folder that training left; None of a container of others."""


def trained(folder: Path) -> Path:
    """The folder that training left. Raises UsageError for one that lacks something."""
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"{folder} has no {', '.join(missing)}.",
            "There is no trained model to release, so nothing was changed.",
            "Train one first: ./slipway train",
        )
    for name in (*FILES, data_version.FILE):
        if (folder / name).is_file():
            _refuse_pointer(folder / name)
    return folder


def _refuse_pointer(path: Path) -> None:
    with path.open("rb") as file:
        pointer.refuse(str(path), file.read(pointer.LENGTH))


def compose(world: World, ports: StagePorts, endpoint: str, of: Path | Given, tell: Tell) -> Composed:
    """The release of what training left in a folder, or of a container of others.

    Raises UsageError for what cannot be released.
    """
    if isinstance(of, Given):
        return _others(world, ports, endpoint, of, tell)
    return _own(world, ports, endpoint, of, tell)


def _own(world: World, ports: StagePorts, endpoint: str, folder: Path, tell: Tell) -> Composed:
    """The image of this checkout, built, and the model that training left in `folder`."""
    tell(Event("building the image"))
    image = world.images.build(ports.settings.image, tell)
    golden = (folder / "golden.json").read_bytes()
    content = manifest.compose(
        endpoint,
        image.record,
        manifest.parse_json((folder / "evidence.json").read_bytes(), "evidence.json"),
        golden,
    )
    return Composed(image, content, folder / "model.tar.gz", golden, folder)


def _others(world: World, ports: StagePorts, endpoint: str, given: Given, tell: Tell) -> Composed:
    """A container of others, by what was given for it."""
    _insist_on(given.evidence, "evidence")
    evidence = foreign.read(given.evidence.read_bytes(), given.evidence.name)
    _insist_on(given.artifact, "artifact")
    tell(Event(f"looking for the image {given.image}"))
    image = world.images.find(given.image, ports.registry)
    content, golden = foreign.compose(endpoint, image.record, evidence, _artifact(given.artifact))
    return Composed(image, content, given.artifact, golden)


def _insist_on(path: Path, option: str) -> None:
    if not path.is_file():
        raise UsageError(
            f"There is no {option} file {path}.",
            "Nothing was changed.",
            f"Name one: --{option} FILE. {foreign.HELP}",
        )
    _refuse_pointer(path)


def _artifact(path: Path) -> ModelRecord:
    content = path.read_bytes()
    if content[:2] != b"\x1f\x8b" or not tarfile.is_tarfile(path):
        raise UsageError(
            f"{path} is no tar archive that gzip compressed.",
            "SageMaker could not unpack it for the container, so nothing was changed.",
            "Pack what the container reads in its model folder: tar -czf model.tar.gz -C FOLDER .",
        )
    return ModelRecord(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
