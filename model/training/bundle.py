"""Several models in one `model.tar.gz`: one container serves all of them, by name and version.

The main model's files stay where they are, and it stays the one that is released and that SageMaker asks. Of
the others only what serves and says where it came from is taken: the graph, the schema, `model.json`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from model import artifact, lfs
from model.training.errors import BundleError

_TAKEN = (artifact.GRAPH, artifact.SCHEMA, artifact.ABOUT)
_DEFAULT_VERSION = "1"


class Key(NamedTuple):
    """What a further model is asked for by: `/v2/models/NAME/versions/VERSION`."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"


def parse_other(text: str) -> tuple[Key, Path]:
    """`NAME/VERSION=path/model.tar.gz` as key and path. Raises BundleError."""
    called, _, path = text.partition("=")
    name, _, version = called.partition("/")
    if not path or not all(re.fullmatch(artifact.PLAIN, part) for part in (name, version)):
        raise BundleError(
            f"{text[:80]!r} names no further model.",
            "Nothing was trained.",
            "Write --with NAME/VERSION=path/model.tar.gz; letters, digits, dot, hyphen and underscore.",
        )
    return Key(name, version), Path(path)


def read_others(paths: Iterable[tuple[Key, Path]]) -> dict[Key, bytes]:
    """The bytes of each artifact. Raises BundleError when one cannot be read or is not ours, PointerError
    when it was not fetched from Git LFS."""
    found: dict[Key, bytes] = {}
    for key, path in paths:
        if key in found:
            raise _twice(key)
        try:
            found[key] = path.read_bytes()
        except OSError as error:
            raise _unusable(key, f"{path} cannot be read: {error.strerror}") from error
        lfs.refuse_pointer(path, found[key])
        _served_files(key, found[key])
    return found


def bundle(main: bytes, others: Mapping[Key, bytes]) -> bytes:
    """One artifact of several: the same artifacts give the same bytes, in whatever order.

    Raises BundleError when one is damaged, or two have the same name and version.
    """
    try:
        files = artifact.read(main)
        schema = json.loads(files[artifact.SCHEMA])
        default = Key(schema["service"], schema.get("version", _DEFAULT_VERSION))
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"The main model is damaged: {error}.", "Nothing was packaged.", "Train it again."
        ) from error
    for key, content in others.items():
        added = {
            f"{artifact.OTHERS}/{key}/{name}": data for name, data in _served_files(key, content).items()
        }
        if key == default or not files.keys().isdisjoint(added):
            raise _twice(key)
        files |= added
    return artifact.pack(files)


def _served_files(key: Key, content: bytes) -> dict[str, bytes]:
    try:
        files = artifact.read(content)
    except ValueError as error:
        raise _unusable(key, str(error)) from error
    if absent := {artifact.GRAPH, artifact.SCHEMA} - files.keys():
        raise _unusable(key, f"it holds no {' and no '.join(sorted(absent))}")
    return {name: files[name] for name in _TAKEN if name in files}


def _unusable(key: Key, why: str) -> BundleError:
    return BundleError(
        f"The artifact of the further model {key} cannot be used: {why}.",
        "Nothing was packaged.",
        "Give --with a model.tar.gz that ./slipway train has made.",
    )


def _twice(key: Key) -> BundleError:
    return BundleError(
        f"There are two models {key}.",
        "Nothing was packaged, because nobody could tell which of them answers.",
        "Give the further one another version.",
    )
