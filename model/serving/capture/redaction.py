"""Rows of a request as they may be kept: sensitive features dropped, or hashed with a key. Pure.

A hash without a key could be undone by trying all values: there are few carriers, and not many birthdays.
With one, whoever has the key can still find what was kept of a value, and nobody else can.
"""

import hashlib
import hmac
import math
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from model.serving.models.columns import Rows, Table
from model.serving.models.schema import Schema

MARK = "hash:"
"""What a hashed value begins with."""
DIGITS = 32


def hashed(secret: bytes, feature: str, value: float | str) -> str:
    """The hash of one value. A number is taken as the model reads it: a 32-bit float, however it was sent."""
    content = value.encode() if isinstance(value, str) else struct.pack("<f", value)
    named = feature.encode() + b"\0" + content
    return MARK + hmac.new(secret, named, hashlib.sha256).hexdigest()[:DIGITS]


class Redaction:
    """Rows of one schema as they may be kept."""

    def __init__(self, schema: Schema) -> None:
        self._numbers = schema.of_kind("number")
        self._categories = schema.of_kind("category")
        self._hidden = {feature.name: feature.sensitive for feature in schema.features if feature.sensitive}
        self.hashes = "hash" in self._hidden.values()
        """Whether it needs a key."""

    def rows(self, table: Table, secret: bytes) -> list[dict[str, Any]]:
        """Every row of `table`, by the features' names; a missing value is None."""
        return [self._row(numbers, categories, secret) for numbers, categories in _rows(table)]

    def _row(self, numbers: Sequence[Any], categories: Sequence[Any], secret: bytes) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for feature, value in zip(self._numbers, numbers, strict=True):
            row[feature.name] = None if value is None or math.isnan(value) else value
        for feature, value in zip(self._categories, categories, strict=True):
            row[feature.name] = value or None
        for name, how in self._hidden.items():
            value = row.pop(name)
            if how == "hash":
                row[name] = None if value is None else hashed(secret, name, value)
        return row


def _rows(table: Table) -> Iterator[tuple[Sequence[Any], Sequence[Any]]]:
    if isinstance(table, Rows):
        return zip(table.numbers, table.categories, strict=True)
    return zip(table.numbers.T.tolist(), table.categories.T.tolist(), strict=True)
