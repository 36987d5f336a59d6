"""The artifact, fetched from S3 before serving, where no platform puts it there: its SHA-256 is compared.

SageMaker unpacks `model.tar.gz` before it starts a container. Who else starts one says where the artifact
lies and what it has to be; of other bytes nothing is unpacked, whoever stored them.
"""

import hashlib
import re
import signal
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from model.serving.errors import ArtifactError, SettingsError
from model.serving.keeping import parts

URI = "SLIPWAY_ARTIFACT"
SHA256 = "SLIPWAY_ARTIFACT_SHA256"
_URI = re.compile(r"s3://[a-z0-9.-]+/.*[^/]")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ARCHIVE = ".model.tar.gz"
_SECONDS = 600
"""For one answer of S3, the artifact's bytes included."""
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
    """Have the artifact's files in `folder`. Raises ArtifactError, and then has unpacked nothing.

    `receive` stores what a URI holds in a file and returns its SHA-256; None asks S3.
    """
    archive = folder / _ARCHIVE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        actual = (receive or _from_s3)(wanted.uri, archive)
        if actual != wanted.sha256:
            raise ArtifactError(
                f"{wanted.uri} has SHA-256 {actual}, and {SHA256} says {wanted.sha256}.",
                "It is not served, because it is not what was released.",
                "Bring the artifact there again from its stage; what lies there now was changed.",
            )
        _unpack(archive, folder)
    except (OSError, tarfile.TarError) as error:
        raise _not_had(wanted.uri, str(error)) from error
    finally:
        archive.unlink(missing_ok=True)


def _unpack(archive: Path, folder: Path) -> None:
    """A file that an earlier start left there is replaced, not written to: it may be read-only or shared."""
    with tarfile.open(archive, "r:gz") as packed:
        for member in packed:
            inside = tarfile.data_filter(member, str(folder))
            if inside.isfile():
                (folder / inside.name).unlink(missing_ok=True)
            packed.extract(inside, folder, filter="data")


def end_on_sigterm(end: Callable[[int], None]) -> None:
    """Have SIGTERM end this process with 0: process 1 of a container would not hear it."""
    signal.signal(signal.SIGTERM, lambda *_: end(0))


def _from_s3(uri: str, file: Path) -> str:
    from obstore.exceptions import BaseError  # here: who fetches nothing pays nothing

    from model.serving.s3 import store

    bucket, key = parts(uri)
    digest = hashlib.sha256()
    try:
        with file.open("wb") as out:
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
        "Give the container's role s3:GetObject (and kms:Decrypt of the bucket's key) there, and AWS_REGION.",
    )
