"""What a refused JSON body is probably meant to be, and what its sender has to do. It accepts nothing."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

_FORM = re.compile(r"[\w.\-%]+=")
_LITERALS = ("None", "True", "False", "nan", "undefined")
_PYTHON = re.compile(r"""[\[{(\s]*(b?'|b")""")
_FRAME = frozenset(("columns", "data"))
_TENSOR = frozenset(("name", "shape", "datatype"))
_LISTS = ("data", "rows", "records", "features", "input", "input_data", "predictions", "dataframe")
_SPLIT = 'send orient="split" as {"dataframe_split": {...}}'
_SHOWN = 200


def of_text(cause: BaseException | None) -> str:
    """A remedy for a text that is no JSON, "" where there is none; `cause` is what its parser raised."""
    if not isinstance(cause, json.JSONDecodeError):
        return ""
    text, place = cause.doc, cause.pos
    if cause.msg == "Extra data" and text[place : place + 1] in ("{", "["):
        return "It looks like JSON lines: send Content-Type application/jsonlines, one object a line."
    begin = text[:_SHOWN].lstrip()
    if _PYTHON.match(begin) or text.startswith(_LITERALS, place):
        return "It looks like Python's own way to write values: json.dumps makes JSON of them."
    if _FORM.match(begin):
        return "It looks like a form's fields: send JSON."
    if "," in begin.partition("\n")[0] and begin[:1] not in ("{", "["):
        return "It looks like CSV: send Content-Type text/csv."
    return ""


def of_document(document: Any, names: Collection[str], forms: Collection[str]) -> str:
    """A remedy for a document that is none of `forms`, "" where there is none; `names` are the features'."""
    if isinstance(document, str):
        return _twice(document)
    if isinstance(document, list):
        return 'Wrap the rows: {"instances": [...]}.' if _are_rows(document) else ""
    if not isinstance(document, Mapping):
        return ""
    if document.keys() >= _FRAME:
        return 'It looks like pandas\' orient="split": wrap it, {"dataframe_split": {...}}.'
    if document.keys() >= {"schema", "data"}:
        return f'It looks like pandas\' orient="table": {_SPLIT}.'
    for key, value in document.items():
        if key.lower() in forms:
            return f'Write the key in lower case: "{key.lower()}".'
        if key in _LISTS and isinstance(value, Mapping) and value.keys() >= _FRAME:
            return f'Call it "dataframe_split" and not "{key}".'
        if key in _LISTS and isinstance(value, list):
            return f'Rows go under "instances" and not under "{key}".'
    return of_columns(document, names)


def of_columns(document: Mapping[str, Any], names: Collection[str]) -> str:
    """A remedy for an object whose values are all lists or all objects: no row is that."""
    values = document.values()
    if document and all(isinstance(value, list) for value in values) and document.keys() & set(names):
        return 'It looks like a list for each feature: wrap it, {"inputs": {...}}.'
    if document and all(isinstance(value, Mapping) for value in values):
        inner = set(names).intersection(*values)
        if inner or document.keys() & set(names):
            orient = "index" if inner else "columns"
            return f'It looks like pandas\' orient="{orient}": {_SPLIT}.'
    return ""


def of_form(form: str, value: Any, names: Collection[str]) -> str:
    """A remedy for the value of a form, "" where there is none."""
    if isinstance(value, str):
        return _twice(value)
    if isinstance(value, Mapping) and value.keys() >= _FRAME:
        taken = form == "dataframe_split" or _FRAME & set(names)
        return "" if taken else f'Call it "dataframe_split" and not "{form}".'
    if isinstance(value, list) and value and "datatype" not in names:
        first = value[0]
        if isinstance(first, Mapping) and first.keys() >= _TENSOR:
            return (
                "These are tensors of the Open Inference Protocol: POST /v2/models/NAME/infer takes them;"
                ' through SageMaker, which forwards /invocations alone, send {"instances": [...]}.'
            )
    return ""


def _are_rows(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, dict | list) for value in values)


def _twice(text: str) -> str:
    return "It is JSON in a JSON text: it was encoded twice." if text.lstrip()[:1] in ("{", "[") else ""
