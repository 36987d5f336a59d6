"""The files of a model artifact, each compared with its checksum. It neither unpacks nor parses them.

The bytes that were compared are the bytes that are used: no file is read twice.
"""

import hashlib
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from model.serving.errors import ArtifactError

GRAPH = "model.onnx"
SCHEMA = "schema.json"
CHECKSUMS = "checksums.json"
_BLOCK = 1024 * 1024


class Checksums(msgspec.Struct, frozen=True):
    """`checksums.json`: the SHA-256 in hex of every other file of the artifact."""

    algorithm: Literal["sha256"]
    files: dict[str, str]


class Artifact(msgspec.Struct, frozen=True):
    """The two files that serving reads, verified."""

    graph: bytes
    schema: bytes


def read_artifact(folder: Path) -> Artifact:
    """The artifact in `folder`, every file that `checksums.json` names compared with it.

    Raises ArtifactError that names the file: missing, unreadable, or different from its checksum.
    """
    expected = _checksums(folder)
    kept: dict[str, bytes] = {}
    for name, digest in sorted(expected.files.items()):
        if PurePosixPath(name).name != name:
            raise _damaged(folder, f"{CHECKSUMS} names {name!r}, which is no plain file name")
        try:
            actual = _hash(folder / name, kept if name in (GRAPH, SCHEMA) else None)
        except OSError as error:
            raise _damaged(folder, f"{name} cannot be read: {error.strerror}") from error
        if actual != digest:
            raise _damaged(folder, f"{name} has SHA-256 {actual}, and {CHECKSUMS} says {digest}")
    if absent := {GRAPH, SCHEMA} - kept.keys():
        raise _damaged(folder, f"{CHECKSUMS} does not name {' and '.join(sorted(absent))}")
    return Artifact(graph=kept[GRAPH], schema=kept[SCHEMA])


def _checksums(folder: Path) -> Checksums:
    try:
        return msgspec.json.decode((folder / CHECKSUMS).read_bytes(), type=Checksums)
    except OSError as error:
        raise ArtifactError(
            f"There is no model in {folder}: {CHECKSUMS} cannot be read ({error.strerror}).",
            "The server cannot become ready.",
            "Unpack model.tar.gz there, or name its folder in SM_MODEL_DIR.",
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(folder, f"{CHECKSUMS} cannot be understood: {error}") from error


def _hash(path: Path, keep: dict[str, bytes] | None) -> str:
    """The SHA-256 of a file, whose content goes into `keep` unless that is None."""
    if keep is not None:
        keep[path.name] = path.read_bytes()
        return hashlib.sha256(keep[path.name]).hexdigest()
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _damaged(folder: Path, why: str) -> ArtifactError:
    return ArtifactError(
        f"The model in {folder} is damaged: {why}.",
        "It is not served, because it is not what was released.",
        "Upload model.tar.gz again, and compare its SHA-256 with the release's.",
    )
