"""The document's part about what SageMaker asks: /ping and /invocations; and /metrics."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from model.serving.formats.media import Format
from model.serving.models.schema import ROWS_KEY, Schema
from model.serving.openapi.features import Document, example_row, reference

_BINARY = {
    Format.NPY: "An array with a field for each feature, or (only numbers) of shape [rows, features]; never "
    "pickled.",
    Format.PARQUET: "A column for each feature.",
    Format.ARROW_STREAM: "A column for each feature, in Arrow's streaming format.",
    Format.ARROW_FILE: "A column for each feature, in Arrow's file format.",
}
_REASONS = {
    "400": "The body is wrong: which row and field, what was given, and what is expected.",
    "404": "There is no such model or version; which there are.",
    "406": "Accept leaves no format.",
    "408": "The request did not arrive in time.",
    "413": "The body is over the limit.",
    "415": "The Content-Type or the Content-Encoding is not one of these.",
    "431": "Request line and headers are too large.",
    "505": "The version of HTTP is none of 1.1 and 1.0.",
    "503": "The server is loading its model, or too much is under way; try again.",
}


def schemas(schema: Schema) -> Document:
    """The schemas that the paths refer to."""
    rows = {"type": "array", "items": reference("Row")}
    instances = {"type": "array", "items": {"anyOf": [reference("Row"), _in_order(schema)]}}
    text = {"type": "string"}
    fault = {
        "type": "object",
        "properties": {
            "code": text | {"description": "a name for the kind of fault"},
            "message": text | {"description": "all of it, for people"},
            "row": {"type": "integer", "minimum": 0, "description": "counted from 0"},
            "field": text | {"description": "a feature's name"},
            "given": text,
            "expected": text,
        },
        "required": ["code", "message"],
    }
    split = {
        "type": "object",
        "properties": {
            "columns": {"type": "array", "items": {"enum": list(schema.names)}, "uniqueItems": True},
            "data": {"type": "array", "items": {"type": "array"}},
            "index": {"type": "array", "items": {}},
        },
        "required": ["columns", "data"],
    }
    return {
        "Rows": {
            "title": "SageMaker",
            "type": "object",
            "properties": {ROWS_KEY: instances},
            "required": [ROWS_KEY],
            "additionalProperties": False,
        },
        "DataframeRecords": _form("MLflow dataframe_records", "dataframe_records", rows),
        "DataframeSplit": _form("MLflow dataframe_split", "dataframe_split", split),
        "Inputs": _form("MLflow inputs", "inputs", rows),
        "Score": _score(schema),
        "Predictions": {
            "type": "object",
            "properties": {
                "predictions": {"type": "array", "items": reference("Score")},
                "refused_rows": {"type": "integer", "minimum": 0},
                "errors": {"type": "array", "items": reference("Fault")},
            },
            "required": ["predictions"],
        },
        "Fault": fault,
        "Error": {"type": "object", "properties": {"error": reference("Fault")}, "required": ["error"]},
        "Status": {
            "type": "object",
            "properties": {"status": {"enum": ["loading", "ready", "draining"]}},
            "required": ["status"],
        },
    }


def _in_order(schema: Schema) -> Document:
    width = len(schema.names)
    return {
        "type": "array",
        "minItems": width,
        "maxItems": width,
        "description": "A row without names: its values in the order of the features. In another order they"
        " are scored all the same, and wrongly. A server can be set to refuse such rows.",
    }


def paths(schema: Schema) -> Document:
    """The operations."""
    return {
        "/invocations": {"post": _invocations(schema)},
        "/ping": {
            "get": {
                "operationId": "ping",
                "tags": ["SageMaker"],
                "summary": "Whether requests are welcome",
                "responses": {
                    status: answer(why, {"application/json": {"schema": reference("Status")}})
                    for status, why in (("200", "Yes."), ("503", "Not yet, or no longer."))
                },
            }
        },
        "/execution-parameters": {
            "get": {
                "operationId": "executionParameters",
                "tags": ["SageMaker"],
                "summary": "How a batch transform may ask: requests at once, and how large",
                "responses": {
                    "200": answer("Where the job itself says nothing.", {"application/json": {"schema": {}}})
                },
            }
        },
        "/metrics": {
            "get": {
                "operationId": "metrics",
                "tags": ["Operation"],
                "summary": "Counters of all workers, for Prometheus",
                "responses": {"200": answer("Prometheus' text format.", {"text/plain": {"schema": {}}})},
            }
        },
    }


def answer(why: str, content: Document) -> Document:
    """One answer of an operation; every answer has a request id."""
    headers = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
    return {"description": why, "headers": headers, "content": content}


def errors(*statuses: str, schema: str = "Error") -> Document:
    """Answers that refuse, by status."""
    content = {"application/json": {"schema": reference(schema)}}
    return {status: answer(_REASONS[status], content) for status in statuses}


def _invocations(schema: Schema) -> Document:
    return {
        "operationId": "invocations",
        "tags": ["SageMaker"],
        "summary": "Scores, one for each row",
        "description": "Without Content-Type the body is JSON. Accept chooses the answer's format among the "
        "same; without it that is the request's.",
        "parameters": [
            {
                "name": "X-Amzn-SageMaker-Custom-Attributes",
                "in": "header",
                "description": "`invalid-rows=null` has wrong rows refused alone: their scores are null.",
                "schema": {"type": "string"},
                "examples": {"alone": {"value": "invalid-rows=null"}},
            }
        ],
        "requestBody": {"required": True, "content": _requests(schema)},
        "responses": {
            "200": answer("One score for each row, in order.", _scores(schema)),
            **errors("400", "406", "408", "413", "415", "431", "503", "505"),
        },
    }


def _requests(schema: Schema) -> Document:
    row = example_row(schema)
    forms = {
        "instances": {ROWS_KEY: [row, row]},
        "instances without names": {ROWS_KEY: [list(row.values())]},
        "one row": row,
        "dataframe_split": {"dataframe_split": {"columns": list(row), "data": [list(row.values())]}},
        "dataframe_records": {"dataframe_records": [row]},
        "inputs": {"inputs": [row]},
    }
    kinds = [reference(name) for name in ("Rows", "Row", "DataframeSplit", "DataframeRecords", "Inputs")]
    found: Document = {
        Format.JSON.value: {
            "schema": {"anyOf": kinds},
            "examples": {name: {"value": value} for name, value in forms.items()},
        },
        Format.CSV.value: _text(
            "A header line of names, then a line for each row; or rows alone, with a cell for each feature in"
            " their order, which `text/csv; header=absent` says for certain.",
            _csv(row),
            _csv(row).partition("\n")[2],
        ),
        Format.JSON_LINES.value: _text("An object a line.", _compact(row) + "\n"),
    }
    return found | {media.value: {"schema": {"description": told}} for media, told in _BINARY.items()}


def _scores(schema: Schema) -> Document:
    classes = schema.output.classes
    score, shape = ("list of probabilities", "(rows, classes)") if classes else ("score", "(rows,)")
    examples = [_probabilities(classes, place) if classes else part for place, part in ((0, 0.25), (1, 0.75))]
    lines = "".join(f"{_compact(example)}\n" for example in examples)
    cells = lines.replace("[", "").replace("]", "")
    found: Document = {
        Format.JSON.value: {
            "schema": reference("Predictions"),
            "examples": {"two rows": {"value": {"predictions": examples}}},
        },
        Format.CSV.value: _text(f"A {score} a line, an empty one where there is none.", cells),
        Format.JSON_LINES.value: _text(f"A {score} or null a line.", lines),
        Format.NPY.value: {
            "schema": {"description": f"An array of float32, {shape}, NaN where there is none."}
        },
    }
    columns = ", ".join(f"`{name}`" for name in schema.output.classes or (schema.output.name,))
    table = {"schema": {"description": f"A column of each: {columns}."}}
    return found | {media.value: table for media in (Format.PARQUET, Format.ARROW_STREAM, Format.ARROW_FILE)}


def _form(title: str, key: str, value: Document) -> Document:
    return {
        "title": title,
        "type": "object",
        "properties": {key: value, "params": {"type": "object", "maxProperties": 0}},
        "required": [key],
        "additionalProperties": False,
    }


def _score(schema: Schema) -> Document:
    told, classes = schema.output.description or schema.output.name, schema.output.classes
    number: Document = {"type": ["number", "null"]}
    if not classes:
        why = "null where the score is no number, or the row was refused"
        return number | {"description": f"{told}; {why}"}
    return {
        "type": ["array", "null"],
        "items": number,
        "minItems": len(classes),
        "maxItems": len(classes),
        "x-classes": list(classes),
        "description": f"{told}: of each class its probability, in the order {', '.join(classes)}; null "
        "where it is no number, or for the row where that was refused",
    }


def _probabilities(classes: Sequence[str], place: int) -> list[float]:
    """An example of an answer, for a row that is most probably of the class at `place`."""
    rest = round(0.25 / (len(classes) - 1), 6)
    return [0.75 if number == place else rest for number in range(len(classes))]


def _text(told: str, example: str, bare: str = "") -> Document:
    examples = {"example": {"value": example}} | ({"without a header": {"value": bare}} if bare else {})
    return {"schema": {"type": "string", "description": told}, "examples": examples}


def _csv(row: Document) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(row)
    writer.writerow(row.values())
    return text.getvalue()


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
