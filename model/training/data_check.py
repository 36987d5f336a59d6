"""Whether a service's data is as the service says, before anything is trained."""

from typing import TYPE_CHECKING

from model.contract import Service, Split
from model.errors import ServiceError

if TYPE_CHECKING:
    import pandas as pd


def refuse_wrong(service: Service, table: "pd.DataFrame", split: Split) -> None:
    """Raise ServiceError where the table is not as the service says, or a selection cannot be used."""
    wanted = {*service.names, service.label, *(each.column for each in service.slices)}
    problems = [f"its table has no column {name!r}" for name in sorted(wanted - set(table.columns))]
    if not problems:
        problems = [*_features(service, table), *_label(service, table), *_rows(service, table, split)]
    if problems:
        raise ServiceError(
            f"The data of {service.name} is not as the service says: {'; '.join(problems)}.",
            "Nothing was trained.",
            "Correct load, split, features or label of the service.",
        )


def _features(service: Service, table: "pd.DataFrame") -> list[str]:
    found = []
    for feature in service.features:
        column = table[feature.name]
        missing = int(column.isna().sum())
        if missing and not feature.nullable:
            # Such a golden request would be refused by the server, and the release fenced for it.
            found.append(f"{feature.name!r} is not nullable, and is missing in {missing} rows")
        if feature.kind == "category" and not _is_text(column):
            found.append(f"{feature.name!r} is a category, and holds {column.dtype} and no text")
    return found


def _is_text(column: "pd.Series") -> bool:
    from pandas.api.types import is_object_dtype, is_string_dtype

    return is_string_dtype(column) or is_object_dtype(column)


def _label(service: Service, table: "pd.DataFrame") -> list[str]:
    if table[service.label].isna().any():
        return [f"its label {service.label!r} is missing in some rows"]
    if service.kind == "binary" and not table[service.label].isin((0, 1)).all():
        return [f"its label {service.label!r} holds something else than 0 and 1"]
    return []


def _rows(service: Service, table: "pd.DataFrame", split: Split) -> list[str]:
    found = []
    for rows in dict.fromkeys((split.train, split.validation, split.test, split.history)):
        labels = rows.select(table)[service.label]
        if labels.empty:
            found.append(f"its split has no rows in {rows.label}")
        elif rows in (split.train, split.test, split.history) and labels.nunique() == 1:
            found.append(f"its label {service.label!r} is {labels.iloc[0]} in every row of {rows.label}")
    return found
