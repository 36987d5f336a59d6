"""Whether a captured record is one that is to be forgotten, whatever format its request came in."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from model.serving.capture.redaction import Redaction, hashed
from model.serving.errors import ArtifactError, RequestError
from model.serving.formats.decoders import decoders
from model.serving.formats.media import request_format
from model.serving.formats.values import FLOAT32_MAX
from model.serving.models.schema import Schema, parse_schema
from monitoring.capture.selection import Selected, Selector

_ODD = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def selected(selector: Selector, schemas: Sequence[Mapping[str, Any]], secret: bytes) -> Selected:
    """What tells lines apart. `schemas` are those of all releases that may have answered, as JSON values."""
    if selector.what == "day":
        return lambda line: True
    if selector.what == "inference-id":
        return lambda line: _has_name(line, selector.value)
    return _Subject(selector, list(_served(schemas)), secret)


def _has_name(line: bytes, name: str) -> bool | None:
    try:
        return json.loads(line)["eventMetadata"].get("inferenceId") == name
    except _ODD:
        return None


class _Subject:
    """Records with a row whose `column` has a value: as it is, or its hash."""

    def __init__(self, selector: Selector, schemas: Sequence[Schema], secret: bytes) -> None:
        self._column, self._value = selector.column, selector.value
        self._number = _number(selector.value)
        self._hashes = {hashed(secret, self._column, selector.value)}
        if self._number is not None:
            self._hashes.add(hashed(secret, self._column, self._number))
        plain = [_plain(schema) for schema in schemas]
        self._readers = [(Redaction(schema), decoders(schema)) for schema in plain]

    def __call__(self, line: bytes) -> bool | None:
        """Whether a row of it is the subject's."""
        try:
            side = json.loads(line)["captureData"].get("endpointInput")
            if side is None:
                return False  # an answer alone holds no feature
            body = side["data"].encode()
            body = base64.b64decode(body, validate=True) if side["encoding"] == "BASE64" else body
            rows = _named(body) or self._decoded(body, side["observedContentType"])
        except _ODD:
            return None
        return None if rows is None else any(self._is(row.get(self._column)) for row in rows)

    def _decoded(self, body: bytes, content_type: str) -> list[dict[str, Any]] | None:
        for redaction, readers in self._readers:
            try:
                return redaction.rows(readers[request_format(content_type)].columns(body), b"")
            except RequestError:
                continue
        return None

    def _is(self, found: Any) -> bool:
        if isinstance(found, str):
            return found == self._value or found in self._hashes
        if isinstance(found, bool) or not isinstance(found, int | float) or self._number is None:
            return False
        # a whole number may be larger than any float, and JSON's own is no number of a model then
        return abs(found) <= FLOAT32_MAX and bool(np.float32(found) == np.float32(self._number))


def _named(body: bytes) -> list[dict[str, Any]]:
    """The rows of JSON that names its values, also where a feature is left out or hashed; else none."""
    try:
        found = json.loads(body)
    except ValueError:
        return []
    rows = found.get("instances") if isinstance(found, dict) else found
    return list(_objects(rows)) if isinstance(rows, list) else []


def _objects(rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    if all(isinstance(row, dict) for row in rows):
        yield from rows


def _served(schemas: Sequence[Mapping[str, Any]]) -> Iterator[Schema]:
    """Those of our own server; a foreign container's may be of any form."""
    for schema in schemas:
        try:
            yield parse_schema(json.dumps(schema).encode())
        except ArtifactError:
            continue


def _plain(schema: Schema) -> Schema:
    """The schema with nothing hidden: what SageMaker kept came as it was sent."""
    shown = tuple(msgspec.structs.replace(feature, sensitive=None) for feature in schema.features)
    return msgspec.structs.replace(schema, features=shown)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
