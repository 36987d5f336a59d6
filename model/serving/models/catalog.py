"""The models of an artifact, loaded: the default one, and others by name and version. No requests.

Each has a session of its own: they share no memory, and none can slow another's warm-up.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from model.serving.errors import ArtifactError, RequestError, refused
from model.serving.models.artifact import OTHERS, Files, Key, read_artifact
from model.serving.models.schema import Schema, parse_schema
from model.serving.models.scorer import Scorer
from model.serving.quoting import shown

_LISTED = 20


class Served(NamedTuple):
    """One loaded model. `sha256` is its graph's."""

    name: str
    version: str
    sha256: str
    schema: Schema
    scorer: Scorer


class Loaded:
    """All models of an artifact. `default` is what /invocations asks."""

    def __init__(self, default: Served, others: Iterable[Served] = ()) -> None:
        self.default = default
        self.all = (default, *others)
        self._versions: dict[str, dict[str, Served]] = {}
        for served in self.all:
            self._versions.setdefault(served.name, {})[served.version] = served

    def lookup(self, name: str, version: str | None = None) -> Served:
        """The model of that name and version. Raises RequestError 404 that says what there is.

        Without a version it is the default model, if that is its name, or else the highest version.
        """
        versions = self._versions.get(name)
        if versions is None:
            raise _unknown(f"There is no model {shown(name)}", self._versions)
        if version is None:
            return self.default if name == self.default.name else versions[max(versions, key=_rank)]
        if version not in versions:
            raise _unknown(f"Model {shown(name)} has no version {shown(version)}", versions)
        return versions[version]

    def versions(self, name: str) -> list[str]:
        """The versions of one model, lowest first. Raises RequestError 404."""
        return sorted(self._versions[self.lookup(name).name], key=_rank)


def load_models(folder: Path) -> Loaded:
    """The models in `folder`, their checksums verified and their graphs warmed up.

    Raises ArtifactError that names the model when one of them cannot be served: then none is.
    """
    artifact = read_artifact(folder)
    schema = parse_schema(artifact.default.schema)
    default = _served(Key(schema.service, schema.version), artifact.default, schema)
    if Key(default.name, default.version) in artifact.others:
        raise _twice(default)
    return Loaded(default, _load(artifact.others))


def _load(others: Mapping[Key, Files]) -> list[Served]:
    loaded: list[Served] = []
    for key, files in others.items():
        try:
            loaded.append(_served(key, files, parse_schema(files.schema)))
        except ArtifactError as error:
            where = f"{OTHERS}/{key.name}/{key.version}"
            raise ArtifactError(f"{where}: {error.cause}", error.consequence, error.next_step) from error
    return loaded


def _served(key: Key, files: Files, schema: Schema) -> Served:
    digest = hashlib.sha256(files.graph).hexdigest()
    return Served(key.name, key.version, digest, schema, Scorer(files.graph, schema))


def _rank(version: str) -> tuple[bool, int, str]:
    """How versions are ordered: numbers by value, and above every version that is no number."""
    number = version.isascii() and version.isdigit()
    return number, int(version) if number else 0, version


def _unknown(what: str, known: Iterable[str]) -> RequestError:
    names = sorted(known)
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return refused("not_found", f"{what}. There is {', '.join(map(shown, names[:_LISTED]))}{more}.", 404)


def _twice(default: Served) -> ArtifactError:
    return ArtifactError(
        f"{OTHERS}/{default.name}/{default.version} has the name and the version of the default model.",
        "Nothing is served, because nobody could tell which of the two answers.",
        "Package the model again, the other one with another version.",
    )
