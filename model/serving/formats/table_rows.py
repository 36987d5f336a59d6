"""A Parquet or Arrow body into columns of a model. What reads the bytes is in `tables`."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from model.serving.formats.columns_named import Named, Texts, check_names, checked_columns, kind_fault
from model.serving.formats.media import Format
from model.serving.formats.refusals import Refusals
from model.serving.formats.tables.messages import Column
from model.serving.formats.tables.reader import TableReader
from model.serving.formats.unnamed import index_columns
from model.serving.models.columns import Columns
from model.serving.models.schema import Feature, Schema

_WHERE = "the table's columns"
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")
"""What pandas calls an index that it writes beside the columns: no value of a row."""


class TableRows:
    """Decodes tables in one format for one schema."""

    def __init__(self, schema: Schema, media: Format, reader: TableReader) -> None:
        self._schema = schema
        self._media = media
        self._reader = reader
        self._features = {feature.name: feature for feature in schema.features}

    def columns(self, body: bytes, refusals: Refusals | None = None) -> Columns:
        """The rows of `body`. Raises RequestError 400, unless a row is wrong that can go to `refusals`."""
        count, found = self._reader.read(body, self._media, self._schema.names)
        found = [(told, values) for told, values in found if not _PANDAS_INDEX.fullmatch(told.name)]
        found = found[index_columns([told.name for told, _ in found], self._schema.names) :]
        check_names([told.name for told, _ in found], self._schema, _WHERE)
        numbers: dict[str, npt.NDArray[Any]] = {}
        texts: dict[str, Texts] = {}
        for told, values in found:
            feature = self._features[told.name]
            if told.kind == "null":
                values = np.full(count, np.nan if feature.kind == "number" else -1)
            elif told.kind != ("number" if feature.kind == "number" else "text") or values is None:
                raise kind_fault(_WHERE, feature, _given(told, feature))
            if feature.kind == "number":
                numbers[feature.name] = values
            else:
                texts[feature.name] = _texts(told, values)
        return checked_columns(Named(count, numbers, texts, "null"), self._schema, refusals)


def _given(told: Column, feature: Feature) -> str:
    match told.kind:
        case "other":
            return f"values of type {told.type}"
        case kind:
            return f"{kind}s"


def _texts(told: Column, places: npt.NDArray[Any]) -> Texts:
    # the last one is for the place -1
    distinct = np.array([*told.texts, ""], object)
    return Texts(distinct[places.astype(np.intp)], places < 0)
