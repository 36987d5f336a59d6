"""JSON rows the careful way: every rule checked one by one, so that a fault can be named.

About ten times slower than `json_rows`, which hands over what it does not recognise: wrong requests, rows
that leave out a nullable feature, columns instead of rows, repeated keys.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from model.serving.errors import Fault, RequestError, with_hint
from model.serving.formats.json_forms import ONE_VALUE_EACH, Misfit, Unreadable, rows_of
from model.serving.formats.json_remedies import of_text
from model.serving.formats.json_text import Repeated, check_amount, parse
from model.serving.formats.refusals import Refusals, refuse, row_fault
from model.serving.formats.values import NotJson, describe, expectation, fits, resembling
from model.serving.models.columns import Columns, from_rows
from model.serving.models.schema import Feature, Schema


def careful_columns(
    body: bytes, schema: Schema, refusals: Refusals | None = None, unnamed: bool = True
) -> Columns:
    """The rows of `body`, or RequestError 400: which row and field, what was given and expected.

    With `refusals` a wrong row goes there, and the result holds the others. `unnamed` says whether rows that
    are lists are taken.
    """
    check_amount(body)
    try:
        document = parse(body)
    except RequestError as error:
        if remedy := of_text(error.__cause__):
            raise with_hint(error, remedy) from error
        raise
    rows, expected, nan_is_missing = rows_of(document, schema, unnamed)
    if nan_is_missing:
        _take_nan_as_missing(rows, schema)
    return checked_rows(rows, schema, refusals, expected)


def checked_rows(
    rows: Iterable[Any], schema: Schema, refusals: Refusals | None, expected: str = ONE_VALUE_EACH
) -> Columns:
    """`rows`, one object each, as columns. Raises RequestError 400, unless `refusals` take wrong ones."""
    features = {feature.name: feature for feature in schema.features}
    right: list[dict[str, Any]] = []
    for index, row in enumerate(rows):
        fault = _fault(index, row, features, expected)
        if fault is None:
            right.append(row)
        else:
            refuse(index, fault, refusals)
    numbers = [feature.name for feature in schema.of_kind("number")]
    categories = [feature.name for feature in schema.of_kind("category")]
    return from_rows(
        [[row.get(name) for name in numbers] for row in right],
        [[row.get(name) for name in categories] for row in right],
    )


def _fault(index: int, row: Any, features: dict[str, Feature], expected: str) -> Callable[[], Fault] | None:
    """What says what is wrong with a row, if anything is: finding the words takes longer than finding it."""
    if isinstance(row, Unreadable):
        return lambda: row.fault
    if not isinstance(row, dict):
        given = row.value if isinstance(row, Misfit) else row
        return lambda: row_fault(index, None, describe(given), expected)
    if isinstance(row, Repeated):
        return partial(row_fault, index, row.key, "two values", "one value")
    for name, value in row.items():
        if name not in features:
            return partial(_unknown, index, name, features)
        if not fits(features[name], value):
            return partial(_misfit, index, features[name], value)
    for name, feature in features.items():
        if name not in row and not feature.nullable:
            return partial(row_fault, index, name, "nothing", expectation(feature))
    return None


def _unknown(index: int, name: str, features: dict[str, Feature]) -> Fault:
    given = f"an unknown field{resembling(name, features)}"
    return row_fault(index, name, given, "only the model's features")


def _misfit(index: int, feature: Feature, value: Any) -> Fault:
    return row_fault(index, feature.name, describe(value), expectation(feature))


def _take_nan_as_missing(rows: Sequence[Any], schema: Schema) -> None:
    nullable = [feature.name for feature in schema.features if feature.nullable]
    for row in rows:
        if isinstance(row, dict):
            for name in nullable:
                if isinstance(value := row.get(name), NotJson) and value == "NaN":
                    row[name] = None
