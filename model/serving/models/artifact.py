"""The files of a model artifact, each compared with its checksum. It neither unpacks nor parses them.

    checksums.json                         names every other file, and its SHA-256
    model.onnx, schema.json                the default model
    models/NAME/VERSION/model.onnx, …      others, if there are any

The bytes that were compared are the bytes that are used: no file is read twice.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

import msgspec

from model.serving.errors import ArtifactError

GRAPH = "model.onnx"
SCHEMA = "schema.json"
CHECKSUMS = "checksums.json"
OTHERS = "models"
_SERVED = (GRAPH, SCHEMA)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""A name or a version of a model: it is a folder's name and a part of a URL."""
_BLOCK = 1024 * 1024


class Checksums(msgspec.Struct, frozen=True):
    """`checksums.json`: the SHA-256 in hex of every other file of the artifact, by its path in the folder."""

    algorithm: Literal["sha256"]
    files: dict[str, str]


class Files(msgspec.Struct, frozen=True):
    """The two files of one model that serving reads, verified."""

    graph: bytes
    schema: bytes


class Key(NamedTuple):
    """What one of several models is asked for by."""

    name: str
    version: str


class Artifact(msgspec.Struct, frozen=True):
    """All models of an artifact, verified: the default one, and others by name and version."""

    default: Files
    others: Mapping[Key, Files]


def read_artifact(folder: Path) -> Artifact:
    """The artifact in `folder`, every file that `checksums.json` names compared with it.

    Raises ArtifactError that names the file: missing, unreadable, outside, or different from its checksum.
    """
    expected = _checksums(folder)
    kept: dict[str, bytes] = {}
    for name, digest in sorted(expected.files.items()):
        try:
            actual = _hash(_inside(folder, name), name, kept)
        except OSError as error:
            raise _damaged(folder, f"{name} cannot be read: {error.strerror}") from error
        if actual != digest:
            raise _damaged(folder, f"{name} has SHA-256 {actual}, and {CHECKSUMS} says {digest}")
    others = {key: _files(folder, kept, f"{OTHERS}/{key.name}/{key.version}/") for key in _keys(folder, kept)}
    return Artifact(_files(folder, kept, ""), others)


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


def _inside(folder: Path, name: str) -> Path:
    """The file called `name`, which lies in `folder` and not behind a link that leads out of it."""
    path = PurePosixPath(name)
    plain = name.isprintable() and "\\" not in name and path.parts and name == path.as_posix()
    if not plain or path.is_absolute() or ".." in path.parts:
        raise _damaged(folder, f"{CHECKSUMS} names {name!r}, which is no plain path inside the artifact")
    found = folder / name
    if not found.resolve().is_relative_to(folder.resolve()):
        raise _damaged(folder, f"{name} is a link that leads out of the artifact")
    return found


def _hash(path: Path, name: str, kept: dict[str, bytes]) -> str:
    """The SHA-256 of a file; what is served goes into `kept`."""
    if path.name in _SERVED:
        kept[name] = path.read_bytes()
        return hashlib.sha256(kept[name]).hexdigest()
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _keys(folder: Path, names: Iterable[str]) -> list[Key]:
    """The models below `models/`, each once."""
    found: set[Key] = set()
    for name in names:
        match PurePosixPath(name).parts:
            case [_]:
                continue
            case [first, model, version, _] if first == OTHERS:
                if not (_PLAIN.fullmatch(model) and _PLAIN.fullmatch(version)):
                    raise _damaged(folder, f"{name}: a model's name and version are {_PLAIN.pattern}")
                found.add(Key(model, version))
            case _:
                raise _damaged(folder, f"{name} is not at {OTHERS}/NAME/VERSION/{PurePosixPath(name).name}")
    return sorted(found)


def _files(folder: Path, kept: Mapping[str, bytes], prefix: str) -> Files:
    if absent := [prefix + name for name in _SERVED if prefix + name not in kept]:
        raise _damaged(folder, f"{CHECKSUMS} does not name {' and '.join(absent)}")
    return Files(graph=kept[prefix + GRAPH], schema=kept[prefix + SCHEMA])


def _damaged(folder: Path, why: str) -> ArtifactError:
    return ArtifactError(
        f"The model in {folder} is damaged: {why}.",
        "It is not served, because it is not what was released.",
        "Upload model.tar.gz again, and compare its SHA-256 with the release's.",
    )
