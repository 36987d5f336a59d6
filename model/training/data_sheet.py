"""What the data was, for the data sheet: rows and time of each part, and what each column holds. Pure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from model.contract import Feature, Service, Split
from model.training.data_file import DataFile

if TYPE_CHECKING:
    import pandas as pd

MOST_VALUES = 3
"""Of a category's values the most frequent ones are named."""


def data_sheet(service: Service, data: DataFile, split: Split) -> dict[str, Any]:
    """The whole table, its parts, and the columns of the rows that the model learned from, as JSON values."""
    table = data.table
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    return {
        "version": data.version,
        "sha256": data.sha256,
        "rows": len(table),
        **_period(service, table),
        "parts": [
            {"name": name, "label": part.label, **_part(service, part.select(table))}
            for name, part in parts.items()
        ],
        "columns": _columns(service, split.train.select(table)),
    }


def _part(service: Service, rows: "pd.DataFrame") -> Mapping[str, Any]:
    return {"rows": len(rows), **_period(service, rows)}


def _period(service: Service, rows: "pd.DataFrame") -> Mapping[str, Any]:
    """When the first and the last row happened, where the service says so."""
    name = service.expected.time
    if name is None or rows.empty:
        return {}
    return {"first": _shown(rows[name].min()), "last": _shown(rows[name].max())}


def _columns(service: Service, rows: "pd.DataFrame") -> list[dict[str, Any]]:
    from pandas.api.types import is_numeric_dtype

    found = []
    for feature in service.features:
        column = rows[feature.name]
        about = {"name": feature.name, "description": feature.description, "nullable": feature.nullable}
        held = {"sensitive": True} if feature.sensitive else _held(feature, column)
        found.append({**about, "type": feature.kind, "missing": float(column.isna().mean()), **held})
    label = rows[service.label]
    held = _numbers(label) if is_numeric_dtype(label) else _text(label)
    told = {"name": service.label, "description": "the label", "nullable": False, "type": "label"}
    return [*found, {**told, "missing": float(label.isna().mean()), **held}]


def _held(feature: Feature, column: "pd.Series") -> Mapping[str, Any]:
    return _text(column) if feature.kind == "category" else _numbers(column)


def _numbers(column: "pd.Series") -> Mapping[str, Any]:
    known = column.dropna().astype(float)
    return {} if known.empty else {"low": float(known.min()), "high": float(known.max())}


def _text(column: "pd.Series") -> Mapping[str, Any]:
    counts = column.value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    most = [[str(name), count / max(1, len(column))] for name, count in counts.head(MOST_VALUES).items()]
    return {"values": len(counts), "most": most}


def _shown(moment: Any) -> str | float:
    """A time as text, a number as it is."""
    return float(moment) if isinstance(moment, int | float | np.number) else str(moment)
