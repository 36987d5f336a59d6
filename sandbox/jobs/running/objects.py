"""What jobs need of S3, and which objects of it are the files of a folder."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class ObjectError(Exception):
    """An object cannot be read or written; the message is AWS's."""


@dataclass(frozen=True)
class Owner:
    """As whom, and where, a job does what it does."""

    account: str
    region: str
    role: str


class Objects(Protocol):
    """S3, as a job's role sees it. Blocking; every method raises ObjectError."""

    def read(self, owner: Owner, uri: str) -> bytes:
        """The object at an `s3://` URI."""
        ...

    def below(self, owner: Owner, uri: str) -> list[str]:
        """The URIs of all objects whose keys begin with that of an `s3://` URI, in order."""
        ...

    def write(self, owner: Owner, uri: str, content: bytes, key: str = "") -> None:
        """Put an object at an `s3://` URI, encrypted with a KMS key where one is named: id, ARN or alias."""
        ...


def names_below(prefix: str, uris: Iterable[str]) -> dict[str, str]:
    """The relative path of the file that each object becomes, for an S3Prefix; folders' markers are none.

    A prefix that is a whole folder leaves what is in it; one that ends within a name leaves the names, and
    one that is an object leaves that.
    """
    found = {}
    for uri in uris:
        if uri.endswith("/"):
            continue
        folder = prefix if prefix.endswith("/") else f"{prefix}/"
        if not uri.startswith(folder):
            folder = prefix[: prefix.rfind("/") + 1]
        found[uri] = uri[len(folder) :]
    return found


def named_in_manifest(manifest: bytes) -> dict[str, str]:
    """As `names_below`, of a ManifestFile's objects. Raises ValueError for what is no manifest."""
    listed = json.loads(manifest)
    if not isinstance(listed, list):
        raise ValueError("a manifest is a list")
    first, *names = listed
    prefix = first["prefix"] if isinstance(first, Mapping) and "prefix" in first else None
    if not isinstance(prefix, str) or not re.match("s3://[^/]", prefix):
        raise ValueError('the first element of a manifest is {"prefix": "s3://..."}')
    if not all(isinstance(name, str) for name in names):
        raise ValueError("a manifest's elements after the first are texts")
    return {f"{prefix}{name}": name for name in names}


def named_in(source: Mapping[str, Any], objects: Objects, owner: Owner) -> dict[str, str]:
    """As `names_below`, of the objects that a source of S3 names. Blocking.

    Raises ObjectError, and ValueError for what is no manifest.
    """
    uri = source["S3Uri"]
    if source["S3DataType"] == "S3Prefix":
        return names_below(uri, objects.below(owner, uri))
    return named_in_manifest(objects.read(owner, uri))


def files_of(source: Mapping[str, Any], objects: Objects, owner: Owner) -> Iterator[tuple[str, bytes]]:
    """The files, by their relative paths, that a source of S3 is in File mode. Raises ObjectError."""
    try:
        named = named_in(source, objects, owner)
    except ValueError as error:
        raise ObjectError(f"Manifest {source['S3Uri']} is not valid: {error}") from error
    for found, name in named.items():
        yield name, objects.read(owner, found)


def joined(uri: str, *parts: str) -> str:
    """A URI below another one."""
    return "/".join([uri.rstrip("/"), *parts])


def source_of(channel: Mapping[str, Any]) -> Mapping[str, Any]:
    """A channel's S3DataSource."""
    return channel["DataSource"]["S3DataSource"]
