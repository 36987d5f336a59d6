"""The forms of a JSON request other than a list of `instances`, the quick way (`json_rows` says what it is).

`table` gives None for whatever it does not recognise or cannot vouch for.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from model.serving.formats.json_text import with_null
from model.serving.formats.limits import MAX_VALUES
from model.serving.formats.typed_rows import TypedColumns, TypedRows
from model.serving.models.columns import Rows
from model.serving.models.schema import ROWS_KEY, Schema

REFUSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a body that is not of the type."""
_INPUTS, _RECORDS, _SPLIT = "inputs", "dataframe_records", "dataframe_split"
_WITH_NAN = (_INPUTS, _RECORDS, _SPLIT)
_ORDERS = 32
"""Orders of columns for which decoders are kept."""
_KEY_BYTES = 200
_LISTS = re.compile(rb'\s*\{\s*"%b"\s*:\s*\[\s*\[' % ROWS_KEY.encode())
"""How a body begins whose rows are lists."""


class _Frame(msgspec.Struct, forbid_unknown_fields=True):
    """The value of `dataframe_split`: names, then rows in their order, not decoded yet."""

    columns: tuple[str, ...]
    data: msgspec.Raw
    index: Sequence[Any] | msgspec.UnsetType = msgspec.UNSET


class _Split(msgspec.Struct, forbid_unknown_fields=True):
    """A request in the form `dataframe_split`."""

    dataframe_split: _Frame


class QuickForms:
    """Decodes these forms for one schema."""

    def __init__(self, schema: Schema, typed: TypedRows, unnamed: bool = True) -> None:
        """`unnamed` says whether rows that are lists of values in the schema's order are taken."""
        self._schema = schema
        self._typed = typed
        self._columns = TypedColumns(schema)
        either = typed.rows | self._columns.type
        self._one_row = msgspec.json.Decoder(typed.type).decode
        self._instances = msgspec.json.Decoder(under(ROWS_KEY, self._columns.type)).decode
        self._in_order = TypedRows(schema, schema.names) if unnamed else None
        self._lists = msgspec.json.Decoder(under(ROWS_KEY, self._in_order.rows if self._in_order else None))
        self._inputs = msgspec.json.Decoder(under(_INPUTS, either)).decode
        self._records = msgspec.json.Decoder(under(_RECORDS, typed.rows)).decode
        self._split = msgspec.json.Decoder(_Split).decode
        self._ordered = lru_cache(_ORDERS)(self._order)
        forms: dict[str, Callable[[bytes], Rows | None]] = {
            ROWS_KEY: self._instances_of_any_kind,
            _INPUTS: lambda body: self._table(self._inputs(body).rows, body),
            _RECORDS: lambda body: self._table(self._records(body).rows, body),
            _SPLIT: self._frame,
        }
        # a document's form is told by its first key; one with a feature's name is that feature
        self._forms = forms | dict.fromkeys(schema.names, self._single)

    def table(self, body: bytes) -> Rows | None:
        """The rows of `body`, or None."""
        _, _, rest = body[:_KEY_BYTES].partition(b'"')
        key = rest.partition(b'"')[0].decode(errors="replace")
        decode = self._forms.get(key)
        if decode is None or (len(body) > MAX_VALUES and body.count(b",") > MAX_VALUES):
            return None
        try:
            return decode(body)
        except REFUSED:
            if key not in _WITH_NAN or b"NaN" not in body:
                return None
        try:
            return decode(with_null(body))
        except REFUSED:
            return None

    def _instances_of_any_kind(self, body: bytes) -> Rows | None:
        if self._in_order and _LISTS.match(body):
            rows = self._lists.decode(body).rows
            return self._in_order.table(rows) if body.count(b":") == 1 else None
        return self._table(self._instances(body).rows, body)

    def _single(self, body: bytes) -> Rows | None:
        row = self._one_row(body)
        return self._typed.table([row]) if body.count(b":") == self._typed.width else None

    def _table(self, found: Any, body: bytes) -> Rows | None:
        if isinstance(found, list):
            quick = body.count(b":") == 1 + len(found) * self._typed.width
            return self._typed.table(found) if quick else None
        return self._columns.table(found) if body.count(b":") == 1 + self._columns.width else None

    def _frame(self, body: bytes) -> Rows | None:
        frame = self._split(body).dataframe_split
        colons = 3 if frame.index is msgspec.UNSET else 4
        found = self._ordered(frame.columns) if body.count(b":") == colons else None
        return found[0].table(found[1](frame.data)) if found else None

    def _order(self, columns: tuple[str, ...]) -> tuple[TypedRows, Callable[[Any], Any]] | None:
        """What decodes rows with values in this order; None when the model's input cannot have it."""
        required = {feature.name for feature in self._schema.features if not feature.nullable}
        given = set(columns)
        if len(given) != len(columns) or not required <= given <= set(self._schema.names):
            return None
        typed = TypedRows(self._schema, columns)
        return typed, msgspec.json.Decoder(typed.rows).decode


def under(key: str, kind: Any) -> Any:
    """The type of an object whose only key is `key`; its value, of type `kind`, is its attribute `rows`."""
    return msgspec.defstruct("Body", [("rows", kind)], rename={"rows": key}, forbid_unknown_fields=True)
