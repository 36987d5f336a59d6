"""Whether a captured record is one that is to be forgotten, whatever format its request came in.

A value is looked for where it stands under its name, whether the server took the request or refused it, and
in the rows that any release's own decoders make of the body.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from model.serving.capture.redaction import Redaction, hashed
from model.serving.errors import ArtifactError, RequestError
from model.serving.models.columns import Table
from model.serving.models.schema import Schema, parse_schema
from model.serving.open_inference.body import parse
from model.serving.open_inference.tensors import Tensors
from monitoring import rows
from monitoring.capture.selection import Selected, Selector, kinds, single, written_number
from monitoring.records.troubles import NotReadable
from monitoring.storage.bodies import Requests

_ODD = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def selected(selector: Selector, schemas: Sequence[Mapping[str, Any]], secret: bytes) -> Selected:
    """What tells lines apart. `schemas` are those of all releases that may have answered, as JSON values."""
    match selector.what:
        case "day":
            return _Day()
        case "inference-id":
            return _Request(selector.value)
        case "subject":
            return _Subject(selector, schemas, secret)


class _Day:
    """All records; which day they are of, their folder says."""

    column = ""

    def __call__(self, line: bytes) -> bool | None:
        return True

    def same(self, value: Any) -> bool:
        return False


class _Request:
    """Records of one request, by the caller's name of it."""

    column = rows.INFERENCE

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, line: bytes) -> bool | None:
        try:
            return json.loads(line)["eventMetadata"].get("inferenceId") == self._name
        except _ODD:
            return None

    def same(self, value: Any) -> bool:
        return value == self._name


class _Subject:
    """Records with a row whose `column` has a value: as it is, or its hash."""

    def __init__(self, selector: Selector, schemas: Sequence[Mapping[str, Any]], secret: bytes) -> None:
        self.column = selector.column
        self._sought = Sought.of(selector, schemas, secret)
        self._readers = [_Reader(_plain(schema)) for schema in _served(schemas)]

    def __call__(self, line: bytes) -> bool | None:
        """Whether a row of it is the subject's."""
        try:
            side = json.loads(line)["captureData"].get("endpointInput")
            if side is None:
                return False  # an answer alone holds no feature
            body = side["data"].encode()
            body = base64.b64decode(body, validate=True) if side["encoding"] == "BASE64" else body
            named, whole = _named(body, self.column)
            if any(map(self._sought, named)):
                return True
            return False if whole else self._decoded(body, side["observedContentType"])
        except _ODD:
            return None

    def same(self, value: Any) -> bool:
        """Whether a value of the column is the subject's."""
        return self._sought(value)

    def _decoded(self, body: bytes, content_type: str) -> bool | None:
        """By every release's decoders: rows without names are another release's as well as its own."""
        told: bool | None = None
        for reader in self._readers:
            values = reader.values(body, content_type, self.column)
            if values is None:
                continue
            if any(map(self._sought, values)):
                return True
            told = False
        return told


@dataclass(frozen=True)
class Sought:
    """The value that is looked for: what it is in a column of numbers, of categories, and as a hash."""

    text: str | None
    """None where the column has numbers alone."""
    number: float | None
    hashes: frozenset[str]

    @staticmethod
    def of(selector: Selector, schemas: Sequence[Mapping[str, Any]], secret: bytes) -> "Sought":
        """By the types that the releases' schemas give the column."""
        found = kinds(selector.column, schemas)
        text = None if found == {"number"} else selector.value
        number = None if found == {"category"} else written_number(selector.value)
        values = [] if number is None else [number, -number] if number == 0 else [number]
        hashes = {hashed(secret, selector.column, one) for one in values}
        hashes |= set() if text is None else {hashed(secret, selector.column, text)}
        return Sought(text, number, frozenset(hashes))

    def __call__(self, found: Any) -> bool:
        """Whether a value of a row is it; 1, 1.0 and "1" are one number, and three texts."""
        if isinstance(found, bool):
            return False
        if isinstance(found, str):
            if found in self.hashes or found == self.text:
                return True
            return self.number is not None and written_number(found) == self.number
        if not isinstance(found, int | float):
            return False
        if self.text is not None and json.dumps(found) == self.text:
            return True
        return self.number is not None and single(found) == self.number


def _named(body: bytes, column: str) -> tuple[list[Any], bool]:
    """All values that stand in JSON under this name, and whether no row can hold another one.

    It is read from objects, from lines of them, and from tensors (Open Inference Protocol), whatever else
    the body holds, and whether the server would take it or not.
    """
    try:
        return _of(json.loads(body), column)
    except (ValueError, RecursionError):
        pass
    lines = [line for line in body.splitlines() if line.strip()]
    try:
        found = [_of([json.loads(line)], column) for line in lines]
    except (ValueError, RecursionError):
        return [], False
    return [value for values, _ in found for value in values], all(whole for _, whole in found)


def _of(said: Any, column: str) -> tuple[list[Any], bool]:
    if isinstance(said, dict) and isinstance(tensors := said.get("inputs"), list):
        of = [one for one in tensors if isinstance(one, dict) and "datatype" in one]
        mine = [one for one in of if one.get("name") == column]
        whole = bool(tensors) and len(of) == len(tensors) and all("data" in one for one in mine)
        return [value for one in mine for value in _flat(one.get("data"))], whole
    rows = said.get("instances") if isinstance(said, dict) else said
    if not isinstance(rows, list):
        return [], False
    named = [row for row in rows if isinstance(row, dict)]
    return [row.get(column) for row in named], bool(rows) and len(named) == len(rows)


def _flat(data: Any) -> Iterator[Any]:
    if not isinstance(data, list):
        yield data
        return
    for one in data:
        yield from _flat(one)


class _Reader:
    """The decoders of one release, with nothing hidden."""

    def __init__(self, schema: Schema) -> None:
        self._requests = Requests(schema)
        self._tensors = Tensors(schema)
        self._redaction = Redaction(schema)

    def values(self, body: bytes, content_type: str, column: str) -> list[Any] | None:
        """The column's values; None where the body, or this column in a row of it, cannot be read."""
        table = _binary(self._tensors, body)
        if table is None:
            try:
                found = self._requests.rows(body, content_type)
            except NotReadable:
                return None
            if any(column in wrong for wrong in found.invalid.values()):
                return None
            table = found.table
        return [row.get(column) for row in self._redaction.rows(table, b"")]


def _binary(tensors: Tensors, body: bytes) -> Table | None:
    """Tensors whose values follow their JSON as bytes; None where it is no such body."""
    if b'"binary_data_size"' not in body:
        return None
    try:
        # Every byte is one character of Latin-1, so that the place where JSON ends is a place in the body.
        _, end = json.JSONDecoder().raw_decode(body.decode("latin-1"))
        return tensors.table(parse(body[:end]).inputs, memoryview(body)[end:])
    except (*_ODD, RequestError):
        return None


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
