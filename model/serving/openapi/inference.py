"""The document's part about the Open Inference Protocol."""

from typing import Any, Literal

from model.serving.models.catalog import Loaded
from model.serving.models.schema import Schema
from model.serving.open_inference.datatypes import NUMBERS, TEXT
from model.serving.openapi.features import Document, example_row, reference
from model.serving.openapi.invocations import answer, errors

_TEXT: Document = {"type": "string"}
_JSON = "application/json"


def schemas(loaded: Loaded) -> Document:
    """The schemas that the paths refer to."""
    outputs = sorted({served.schema.output.name for served in loaded.all})
    parameters = {"type": "object"}
    wanted = {"type": "object", "properties": {"name": {"enum": outputs}, "parameters": parameters}}
    return {
        "V2Error": _object({"error": _TEXT, "code": _TEXT, "field": _TEXT}, "error"),
        "Tensor": {"anyOf": [_tensor(loaded, "number"), _tensor(loaded, "category")]},
        "InferRequest": _object(
            {
                "id": _TEXT,
                "parameters": parameters,
                "inputs": {"type": "array", "items": reference("Tensor"), "minItems": 1},
                "outputs": {"type": "array", "items": wanted | {"required": ["name"]}, "maxItems": 1},
            },
            "inputs",
        ),
        "InferResponse": _object(
            {
                "model_name": _TEXT,
                "model_version": _TEXT,
                "id": _TEXT,
                "outputs": {"type": "array", "items": {"type": "object"}, "minItems": 1, "maxItems": 1},
            },
            "model_name",
            "model_version",
            "outputs",
        ),
        "ModelMetadata": _object(
            {
                "name": _TEXT,
                "versions": {"type": "array", "items": _TEXT},
                "platform": _TEXT,
                "inputs": {"type": "array", "items": {"type": "object"}},
                "outputs": {"type": "array", "items": {"type": "object"}},
            },
            "name",
            "versions",
            "platform",
            "inputs",
            "outputs",
        ),
    }


def _tensor(loaded: Loaded, kind: Literal["number", "category"]) -> Document:
    """An input for a feature of one kind, of any of the models."""
    element: Document = {"type": ["number" if kind == "number" else "string", "null"]}
    names = {feature.name for served in loaded.all for feature in served.schema.of_kind(kind)}
    properties = {
        "name": {"type": "string", "enum": sorted(names)} if names else False,
        "shape": {
            "type": "array",
            "prefixItems": [{"type": "integer", "minimum": 0}, {"const": 1}],
            "minItems": 1,
            "maxItems": 2,
            "description": "[rows] or [rows, 1]",
        },
        "datatype": {"enum": list(NUMBERS) if kind == "number" else [TEXT]},
        "data": {
            "type": "array",
            "items": {"anyOf": [element, {"type": "array", "items": element, "minItems": 1, "maxItems": 1}]},
            "description": "one value for each row; null for a missing one",
        },
        "parameters": {"type": "object"},
    }
    return _object(properties, "name", "shape", "datatype") | {"title": f"of a {kind}"}


def paths(loaded: Loaded) -> Document:
    """The operations, for all models: by name, and by name and version."""
    name = _parameter("model_name", sorted({served.name for served in loaded.all}))
    version = _parameter("model_version", sorted({served.version for served in loaded.all}))
    text = {"type": "string"}
    found: Document = {
        "/v2": {"get": _question("server", "The server", {"name": text, "version": text})},
        "/v2/health/live": {"get": _question("live", "Whether the server is alive", {"live": _BOOLEAN})},
        "/v2/health/ready": {"get": _question("ready", "Whether requests are welcome", {"ready": _BOOLEAN})},
        "/v2/models": {"get": _question("models", "The models' names", {"models": _NAMES})},
        "/v2/repository/index": {"post": _index()},
    }
    found["/v2/health/ready"]["get"]["responses"]["503"] = answer(
        "Not yet, or no longer.", _json(_object({"ready": _BOOLEAN}, "ready"))
    )
    for path, suffix, parameters in (
        ("/v2/models/{model_name}", "", [name]),
        ("/v2/models/{model_name}/versions/{model_version}", "_version", [name, version]),
    ):
        found[path] = {"get": _metadata(f"model{suffix}"), "parameters": parameters}
        ready = _question(
            f"model_ready{suffix}", "Whether the model is loaded", {"name": text, "ready": _BOOLEAN}
        )
        ready["responses"] |= errors("404", schema="V2Error")
        found[f"{path}/ready"] = {"get": ready, "parameters": parameters}
        infer = _infer(f"infer{suffix}", loaded.default.schema)
        found[f"{path}/infer"] = {"post": infer, "parameters": parameters}
    return found


_BOOLEAN: Document = {"type": "boolean"}
_NAMES: Document = {"type": "array", "items": {"type": "string"}}


def example_request(schema: Schema) -> Document:
    """A request for the scores of one row."""
    row = example_row(schema)
    return {
        "inputs": [
            {
                "name": feature.name,
                "shape": [1, 1],
                "datatype": "FP32" if feature.kind == "number" else TEXT,
                "data": [row[feature.name]],
            }
            for feature in schema.features
        ]
    }


def _infer(name: str, schema: Schema) -> Document:
    binary = {"schema": {"description": "JSON, then the binary values of its tensors; little-endian."}}
    request = {
        _JSON: {
            "schema": reference("InferRequest"),
            "examples": {"one row": {"value": example_request(schema)}},
        },
        "application/octet-stream": binary,
    }
    return {
        "operationId": name,
        "tags": ["Open Inference"],
        "summary": "Scores, one for each row",
        "parameters": [
            {
                "name": "Inference-Header-Content-Length",
                "in": "header",
                "description": "With binary values: how many bytes of JSON stand before them.",
                "schema": {"type": "integer", "minimum": 1},
            }
        ],
        "requestBody": {"required": True, "content": request},
        "responses": {
            "200": answer(
                "The scores.",
                _json(reference("InferResponse")) | {"application/octet-stream": binary},
            ),
            **errors("400", "404", "408", "413", "415", "431", "503", schema="V2Error"),
        },
    }


def _metadata(name: str) -> Document:
    return {
        "operationId": name,
        "tags": ["Open Inference"],
        "summary": "A model's versions, inputs and output",
        "responses": {
            "200": answer("What it reads and gives.", _json(reference("ModelMetadata"))),
            **errors("404", "503", schema="V2Error"),
        },
    }


def _question(name: str, summary: str, members: Document) -> Document:
    return {
        "operationId": name,
        "tags": ["Open Inference"],
        "summary": summary,
        "responses": {"200": answer("The answer.", _json(_object(members, *members)))},
    }


def _index() -> Document:
    entry = _object(dict.fromkeys(("name", "version", "state", "reason"), _TEXT), "name", "version")
    return {
        "operationId": "repository_index",
        "tags": ["Open Inference"],
        "summary": "Every version of every model",
        "responses": {"200": answer("The list.", _json({"type": "array", "items": entry}))},
    }


def _parameter(name: str, values: list[str]) -> Document:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": values}}


def _object(properties: Document, *required: Any) -> Document:
    return {"type": "object", "properties": properties, "required": list(required)}


def _json(schema: Document) -> Document:
    return {_JSON: {"schema": schema}}
