"""A captured request's body into rows, by the inference server's own decoders: what it took is what is read.

A body with a value that the server refuses alone, or that a more tolerant container took, goes to `loose`,
which says of each value whether it is right.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from model.serving.errors import ArtifactError, RequestError
from model.serving.formats.csv_rows import CsvRows
from model.serving.formats.json_lines import JsonLines
from model.serving.formats.json_rows import JsonRows
from model.serving.formats.media import Format, Media, request_format
from model.serving.formats.npy_rows import NpyRows
from model.serving.formats.refusals import Refusals
from model.serving.formats.table_rows import TableRows
from model.serving.formats.tables.reader import TableReader
from model.serving.models.columns import Columns, Table, from_rows
from model.serving.models.schema import Schema, parse_schema
from model.serving.open_inference.body import parse
from model.serving.open_inference.tensors import Tensors
from monitoring.records.troubles import NotReadable, Trouble
from monitoring.storage.loose import Loose

_TABLES = (Format.PARQUET, Format.ARROW_STREAM, Format.ARROW_FILE)
_LOOSE = (Format.JSON, Format.JSON_LINES, Format.CSV)


class Rows(NamedTuple):
    """The rows of one request: their values, and by row the names of those whose values are wrong."""

    count: int
    table: Table
    invalid: Mapping[int, Sequence[str]]


def schema_of(input_schema: Mapping[str, Any]) -> Schema | None:
    """What a release's manifest says of its requests; None without features, as foreign ones may be."""
    try:
        return parse_schema(msgspec.json.encode(input_schema))
    except ArtifactError:
        return None


def as_kept(schema: Schema) -> Schema:
    """The schema of a release's records: what is sensitive is not in them, or hashed, which is a text."""
    kept = [feature for feature in schema.features if feature.sensitive != "drop"]
    features = [
        msgspec.structs.replace(feature, kind="category", nullable=True) if feature.sensitive else feature
        for feature in kept
    ]
    return msgspec.structs.replace(schema, features=tuple(features))


class Requests:
    """Decodes the requests of one release, by the schema of its records."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        reader = TableReader()
        self._json = JsonRows(schema)
        self._tensors = Tensors(schema)
        self._decoders: dict[Format, Any] = {
            Format.JSON: self._json,
            Format.JSON_LINES: JsonLines(schema),
            Format.NPY: NpyRows(schema),
            **{media: TableRows(schema, media, reader) for media in _TABLES},
        }
        self._csv = lru_cache(maxsize=3)(lambda header: CsvRows(schema, header))
        self._loose = Loose(schema)

    def rows(self, body: bytes, content_type: str) -> Rows:
        """The rows of a request. Raises NotReadable for a body that holds none."""
        try:
            media = request_format(content_type)
        except RequestError:
            raise NotReadable(Trouble.TYPE) from None
        decoder = self._decoders.get(media.format) or self._csv(media.header)
        try:
            table = decoder.columns(body)
        except RequestError:
            return self._not_all_right(decoder, media, body)
        return _right(table)

    def _not_all_right(self, decoder: Any, media: Media, body: bytes) -> Rows:
        """The rows of a body that the server refuses, as far as they can be told."""
        try:
            if media.format is Format.JSON and b'"datatype"' in body:
                return _right(self._tensors.table(parse(body).inputs, memoryview(b"")))
            if media.format in _LOOSE:
                table, invalid = self._loose.rows(media, body)
                return Rows(table.count, table, invalid)
            refusals = Refusals()
            return self._spread(decoder.columns(body, refusals), refusals.rows)
        except RequestError:
            raise NotReadable(Trouble.REQUEST) from None

    def _spread(self, kept: Columns, refused: set[int]) -> Rows:
        """All rows again: of a row that was refused no value is known."""
        count = kept.count + len(refused)
        numbers, texts = len(kept.numbers), len(kept.categories)
        empty = from_rows([(None,) * numbers] * count, [(None,) * texts] * count)
        places = [row for row in range(count) if row not in refused]
        empty.numbers[:, places] = kept.numbers
        empty.categories[:, places] = kept.categories
        return Rows(count, empty, dict.fromkeys(sorted(refused), self._schema.names))


def _right(table: Table) -> Rows:
    if not table.count:
        raise NotReadable(Trouble.REQUEST)
    return Rows(table.count, table, {})
