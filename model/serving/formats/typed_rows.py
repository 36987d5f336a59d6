"""The type that msgspec decodes a row of one schema into, and its rows as a table. No bodies."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from types import GenericAlias
from typing import Annotated, Any

import msgspec

from model.serving.formats.values import FLOAT32_MAX
from model.serving.models.columns import Rows
from model.serving.models.schema import Feature, Schema

_NUMBER = Annotated[float, msgspec.Meta(ge=-FLOAT32_MAX, le=FLOAT32_MAX)]


class TypedRows:
    """Rows that are objects by feature name, or with `columns` lists of values in their order.

    `columns` are names of features, each once; those left out are nullable and missing.
    """

    def __init__(self, schema: Schema, columns: Sequence[str] | None = None) -> None:
        attributes = {feature.name: f"feature{index}" for index, feature in enumerate(schema.features)}
        features = {feature.name: feature for feature in schema.features}
        given = schema.names if columns is None else columns
        self.type: Any = msgspec.defstruct(
            "Row",
            [(attributes[name], _type(features[name])) for name in given],
            rename={attribute: name for name, attribute in attributes.items()},
            # every value has to be there, so that lists are neither too short nor too long
            forbid_unknown_fields=True,
            array_like=columns is not None,
            gc=False,
            namespace={attributes[name]: None for name in schema.names if name not in given},
        )
        self.rows: Any = GenericAlias(list, self.type)
        self.width = len(given)
        self._numbers = _getter([attributes[feature.name] for feature in schema.of_kind("number")])
        self._categories = _getter([attributes[feature.name] for feature in schema.of_kind("category")])

    def table(self, rows: list[Any]) -> Rows:
        """Decoded rows as a table."""
        return Rows(len(rows), list(map(self._numbers, rows)), list(map(self._categories, rows)))


class TypedColumns:
    """Columns that are an object with a list for each feature."""

    def __init__(self, schema: Schema) -> None:
        names = [(f"feature{index}", feature) for index, feature in enumerate(schema.features)]
        self.type: Any = msgspec.defstruct(
            "Columns",
            [(attribute, GenericAlias(list, (_type(feature),))) for attribute, feature in names],
            rename={attribute: feature.name for attribute, feature in names},
            forbid_unknown_fields=True,
        )
        self.width = len(names)
        self._numbers = _getter([attribute for attribute, feature in names if feature.kind == "number"])
        self._categories = _getter([attribute for attribute, feature in names if feature.kind == "category"])

    def table(self, columns: Any) -> Rows | None:
        """Decoded columns as a table; None when their lengths differ."""
        numbers, categories = self._numbers(columns), self._categories(columns)
        count = len((numbers or categories)[0])
        if any(len(values) != count for values in (*numbers, *categories)):
            return None
        return Rows(count, _rows(numbers, count), _rows(categories, count))


def _rows(columns: Sequence[Sequence[Any]], count: int) -> list[tuple[Any, ...]]:
    return list(zip(*columns, strict=True)) if columns else [()] * count


def _type(feature: Feature) -> Any:
    kind: Any = _NUMBER if feature.kind == "number" else str
    return kind | None if feature.nullable else kind


def _getter(attributes: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """`attrgetter` that gives a tuple for none and for one attribute too."""
    match attributes:
        case []:
            return lambda _row: ()
        case [only]:
            value = attrgetter(only)
            return lambda row: (value(row),)
        case _:
            return attrgetter(*attributes)
