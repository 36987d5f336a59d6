"""The artifact, fetched from S3 where no platform puts it there, and compared before it is unpacked.

SageMaker unpacks `model.tar.gz` before it starts a container. Who else starts one says where the artifact
lies and what it has to be; of other bytes nothing is unpacked, whoever stored them. Of the right ones, plain
files and folders are: `tarfile`'s own filters, which would let some links pass, not every Python 3.11 has.
"""

import hashlib
import os
import re
import shutil
import signal
import tarfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import msgspec

from model.serving.errors import ArtifactError, SettingsError
from model.serving.keeping import parts

URI = "SLIPWAY_ARTIFACT"
SHA256 = "SLIPWAY_ARTIFACT_SHA256"
_URI = re.compile(r"s3://[a-z0-9.-]+/.*[^/]")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ARCHIVE = ".model.tar.gz"
_OURS = frozenset({_ARCHIVE, "checksums.json"})
"""One of them is in a folder that an earlier fetch left, however it ended."""
_SECONDS = 600
"""For one answer of S3, the artifact's bytes included."""
_BLOCK = 1024 * 1024
Receive = Callable[[str, Path], str]


class Source(msgspec.Struct, frozen=True):
    """Where an artifact lies, as an `s3://` URI, and the SHA-256 in hex that its bytes have to have."""

    uri: str
    sha256: str


def source(environment: Mapping[str, str]) -> Source | None:
    """What the environment asks for, None where the model is there already. Raises SettingsError."""
    uri, digest = environment.get(URI, ""), environment.get(SHA256, "")
    if not uri and not digest:
        return None
    for variable, given, wanted, pattern in (
        (URI, uri, "s3://BUCKET/KEY", _URI),
        (SHA256, digest, "64 hexadecimal digits", _DIGEST),
    ):
        if not pattern.fullmatch(given):
            raise SettingsError(
                f"{variable} is {given[:80]!r}, and has to be {wanted}.",
                "The server did not start: it fetches nothing that it cannot compare.",
                f"Set {URI} and {SHA256} both, or unset both where the model is in SM_MODEL_DIR.",
            )
    return Source(uri, digest)


def fetch(wanted: Source, folder: Path, receive: Receive | None = None) -> None:
    """Have the artifact's files in `folder` and nothing else; after an error there is nothing.

    `receive` stores what a URI holds in a file and returns its SHA-256; None asks S3. Raises ArtifactError,
    and SettingsError where the folder holds something that no fetch left.
    """
    archive = folder / _ARCHIVE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_others(folder)
        _clear(folder)
        actual = (receive or _from_s3)(wanted.uri, archive)
    except OSError as error:
        raise _not_had(wanted.uri, str(error)) from error
    try:
        if actual != wanted.sha256:
            raise ArtifactError(
                f"{wanted.uri} has SHA-256 {actual}, and {SHA256} says {wanted.sha256}.",
                "It is not served, because it is not what was released.",
                "Bring the artifact there again from its stage; what lies there now was changed.",
            )
        _unpack(archive, folder)
    except ArtifactError:
        _clear(folder)
        raise
    archive.unlink()


def end_on_sigterm(code: int) -> None:
    """Have SIGTERM end this process with `code`: process 1 of a container would not hear it."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(code))


def _refuse_others(folder: Path) -> None:
    """Raise SettingsError for a folder of somebody's files: they would be deleted."""
    found = sorted(path.name for path in folder.iterdir())
    if found and _OURS.isdisjoint(found):
        raise SettingsError(
            f"SM_MODEL_DIR is {folder}, which holds {found[0]!r} and no model.",
            "Nothing was fetched: what is there would have been deleted.",
            "Name an empty folder.",
        )


def _clear(folder: Path) -> None:
    """Delete what is in the folder, and last what tells that it is ours. The folder itself may be a mount."""
    for path in sorted(folder.iterdir(), key=lambda each: each.name in _OURS):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive, "r:gz") as packed:
            for member in packed:
                _write(packed, member, folder / _place(member))
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise _unpackable(str(error)) from error


def _write(packed: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    (target if member.isdir() else target.parent).mkdir(mode=0o755, parents=True, exist_ok=True)
    content = None if member.isdir() else packed.extractfile(member)
    if content is not None:
        with content, target.open("xb") as out:
            shutil.copyfileobj(content, out, _BLOCK)
        target.chmod(0o444)


def _place(member: tarfile.TarInfo) -> PurePosixPath:
    """Where a member belongs in the folder. Raises ArtifactError for what may not be unpacked anywhere."""
    path = PurePosixPath(member.name)
    if not (member.isreg() or member.isdir()):
        raise _unpackable(f"{member.name!r} is a link or a device")
    if path.is_absolute() or ".." in path.parts:
        raise _unpackable(f"{member.name!r} is a path that leads out")
    return path


def _from_s3(uri: str, file: Path) -> str:
    from obstore.exceptions import BaseError  # here: who fetches nothing pays nothing

    from model.serving.s3 import store

    bucket, key = parts(uri)
    digest = hashlib.sha256()
    try:
        with file.open("xb") as out:
            for block in store(bucket, _SECONDS).get(key).stream():
                digest.update(block)
                out.write(block)
    except BaseError as error:
        raise _not_had(uri, str(error).partition("\n")[0]) from error
    return digest.hexdigest()


def _not_had(uri: str, why: str) -> ArtifactError:
    return ArtifactError(
        f"{uri} could not be fetched: {why[:400]}",
        "There is no model to serve.",
        "Give the container's role s3:GetObject there (and kms:Decrypt of the bucket's key), set AWS_REGION, "
        "and look whether a network policy lets it reach S3.",
    )


def _unpackable(why: str) -> ArtifactError:
    return ArtifactError(
        f"The artifact cannot be unpacked: {why[:400]}.",
        "There is no model to serve, though these are the bytes that were released.",
        "Release the model again, and look whether the folder has room for it.",
    )
