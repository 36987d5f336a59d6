"""The decoder of each format, for one schema."""

from collections.abc import Mapping
from typing import Protocol

from model.serving.formats.csv_rows import CsvRows
from model.serving.formats.json_lines import JsonLines
from model.serving.formats.json_rows import JsonRows
from model.serving.formats.media import READ, Format, Media
from model.serving.formats.npy_rows import NpyRows
from model.serving.formats.refusals import Refusals
from model.serving.formats.table_rows import TableRows
from model.serving.formats.tables.reader import TableReader
from model.serving.models.columns import Table
from model.serving.models.schema import Schema


class Rows(Protocol):
    """A format's decoder."""

    def columns(self, body: bytes, refusals: Refusals | None = None) -> Table:
        """The rows of `body`. Raises RequestError 400, unless a row is wrong that can go to `refusals`."""
        ...


def decoders(schema: Schema, unnamed: bool = True) -> Mapping[Media, Rows]:
    """By what a request's Content-Type names; `unnamed` says whether rows without names are taken."""
    rows: dict[Format, Rows] = {
        Format.JSON: JsonRows(schema, unnamed),
        Format.JSON_LINES: JsonLines(schema),
        Format.NPY: NpyRows(schema, unnamed),
    }
    reader = TableReader()
    for media in (Format.PARQUET, Format.ARROW_STREAM, Format.ARROW_FILE):
        rows[media] = TableRows(schema, media, reader)

    def decoder(media: Media) -> Rows:
        if media.format is Format.CSV:
            return CsvRows(schema, media.header, unnamed)
        return rows[media.format]

    return {media: decoder(media) for media in READ}
