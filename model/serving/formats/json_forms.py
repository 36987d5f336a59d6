"""The forms of a JSON request, each into one object for each row. No values are checked.

    {"instances": [{...}, ...]}                               SageMaker, TensorFlow Serving, MLflow
    {"instances": [[...], ...]}                               the same, values in the schema's order
    {"inputs": {"carrier": ["UA", ...], ...}}                 MLflow: a list, or one value, for each
    {"dataframe_split": {"columns": [...], "data": [[...]]}}  MLflow: what its own clients send
    {"dataframe_records": [{...}, ...]}                       MLflow
    {"carrier": "UA", ...}                                    one row

`instances` and `inputs` take both lists of rows and lists of columns. Rows without names are taken under
`instances` alone: MLflow, whose forms the others are, refuses them where inputs have names.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from model.serving.errors import Fault, RequestError, refused
from model.serving.formats.json_remedies import of_columns, of_document, of_form
from model.serving.formats.json_text import Repeated
from model.serving.formats.limits import MAX_CONTAINERS
from model.serving.formats.unnamed import UNNAMED_REFUSED, index_columns
from model.serving.formats.values import describe
from model.serving.models.schema import ROWS_KEY, Schema
from model.serving.quoting import shown

ONE_VALUE_EACH = "an object with one value for each feature"
_PARAMS = "params"
_FRAMES = ("dataframe_split", "dataframe_records")


class Misfit(NamedTuple):
    """Stands for a row whose JSON value is not the object or list that its form asks for."""

    value: Any


class Unreadable(NamedTuple):
    """Stands for a row whose text is not JSON; `fault` says where."""

    fault: Fault


class Rows(NamedTuple):
    """The rows of a document: objects, or what stands for a wrong row. `expected` says what rows are."""

    rows: list[Any]
    expected: str = ONE_VALUE_EACH
    nan_is_missing: bool = False
    """MLflow's clients write a missing number as NaN, which is not JSON."""


def rows_of(document: Any, schema: Schema, unnamed: bool = True) -> Rows:
    """The rows of a request; `unnamed` says whether lists of values in the schema's order are rows.

    Raises RequestError 400 for what is wrong with the request as a whole.
    """
    names = set(schema.names)
    if not isinstance(document, dict):
        message = f'Expected an object like {{"{ROWS_KEY}": [...]}}, given {describe(document)}.'
        raise _invalid(message, of_document(document, names, _FORMS))
    form = next((form for form in _FORMS if form in document and form not in names), None)
    if form is None:
        if document.keys() & names:
            if remedy := of_columns(document, names):
                raise _invalid("The object is no row.", remedy)
            return Rows([document])
        forms = ", ".join(f'"{form}"' for form in _FORMS)
        message = f"The object has none of {forms}, and no feature such as {shown(schema.names[0])}."
        raise _invalid(message, of_document(document, names, _FORMS))
    _check_beside(document, form)
    if remedy := of_form(form, document[form], names):
        raise _invalid(f'"{form}" is {describe(document[form])} that is none of rows.', remedy)
    found = _FORMS[form](form, document[form])
    if form in _FRAMES:
        _drop_index(found.rows, names)
    lists = form == ROWS_KEY and any(isinstance(row, list) for row in found.rows)
    return _in_order(found, schema, unnamed) if lists else found


def _drop_index(rows: list[Any], features: set[str]) -> None:
    """Takes pandas' index out of the rows of a frame: of all rows, if the first has it."""
    first = list(rows[0]) if rows and isinstance(rows[0], dict) else []
    for name in first[: index_columns(first, features)]:
        for row in rows:
            if isinstance(row, dict):
                row.pop(name, None)


def _in_order(found: Rows, schema: Schema, unnamed: bool) -> Rows:
    """`found`, of which some rows are lists, with names where such rows are taken."""
    if not unnamed:
        return found._replace(expected=f"{ONE_VALUE_EACH}. {UNNAMED_REFUSED}".removesuffix("."))
    names = schema.names
    rows = [
        dict(zip(names, row, strict=True)) if isinstance(row, list) and len(row) == len(names) else row
        for row in found.rows
    ]
    return Rows(rows, f"{ONE_VALUE_EACH}, or a list of {len(names)} in the schema's order")


def _check_beside(document: dict[str, Any], form: str) -> None:
    if isinstance(document, Repeated):
        raise _invalid(f"The key {shown(document.key)} is given twice.")
    others = document.keys() - {form}
    if _PARAMS in others:
        if document[_PARAMS]:
            raise _invalid(f'"{_PARAMS}" has to be empty or left out: this model takes none.')
        others -= {_PARAMS}
    if others:
        raise _invalid(f'Beside "{form}" there is {shown(min(others))}.')


def _instances(form: str, value: Any) -> Rows:
    match value:
        case list():
            return Rows(value)
        case dict():
            return Rows(_transposed(form, value))
        case _:
            raise _invalid(
                f'"{form}" has to be a list of rows, or an object with a list for each feature,'
                f" given {describe(value)}."
            )


def _inputs(form: str, value: Any) -> Rows:
    return _instances(form, value)._replace(nan_is_missing=True)


def _records(form: str, value: Any) -> Rows:
    if not isinstance(value, list):
        raise _invalid(f'"{form}" has to be a list of rows, given {describe(value)}.')
    return Rows(value, nan_is_missing=True)


def _split(form: str, value: Any) -> Rows:
    if not isinstance(value, dict) or not value.keys() >= {"columns", "data"}:
        raise _invalid(f'"{form}" has to be an object with "columns" and "data", given {describe(value)}.')
    if isinstance(value, Repeated):
        raise _invalid(f'In "{form}" the key {shown(value.key)} is given twice.')
    if others := value.keys() - {"columns", "data", "index"}:
        raise _invalid(f'In "{form}" there is {shown(min(others))}.')
    columns, data = value["columns"], value["data"]
    if not isinstance(columns, list) or not all(type(name) is str for name in columns):
        raise _invalid(f'"columns" has to be a list of names, given {describe(columns)}.')
    if len(columns) > len(counts := Counter(columns)):
        raise _invalid(f'"columns" names {shown(counts.most_common(1)[0][0])} twice.')
    if not isinstance(data, list):
        raise _invalid(f'"data" has to be a list of rows, given {describe(data)}.')
    width = len(columns)
    rows = [
        dict(zip(columns, row, strict=True)) if isinstance(row, list) and len(row) == width else Misfit(row)
        for row in data
    ]
    return Rows(rows, f'a list of {width}, one value for each of "columns"', nan_is_missing=True)


def _transposed(form: str, columns: dict[str, Any]) -> list[Any]:
    """One object for each row, of a list for each feature; one row, of a value for each feature."""
    if isinstance(columns, Repeated):
        raise _invalid(f'In "{form}" the key {shown(columns.key)} is given twice.')
    if not columns:
        raise _invalid(f'"{form}" has to be a list of rows, given an object without features.')
    if not any(isinstance(values, list) for values in columns.values()):
        return [columns]
    name, first = next((name, values) for name, values in columns.items() if isinstance(values, list))
    for other, values in columns.items():
        if not isinstance(values, list) or len(values) != len(first):
            raise _invalid(
                f'In "{form}" every feature needs a list of the same length: {shown(name)} is'
                f" {describe(first)}, {shown(other)} is {describe(values)}."
            )
    if len(first) > MAX_CONTAINERS:
        raise refused("too_many_values", f"The body holds more than {MAX_CONTAINERS} rows.")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


_FORMS: dict[str, Callable[[str, Any], Rows]] = {
    ROWS_KEY: _instances,
    "inputs": _inputs,
    "dataframe_split": _split,
    "dataframe_records": _records,
}


def _invalid(message: str, remedy: str = "") -> RequestError:
    return refused("invalid_request", f"{message} {remedy}".rstrip())
