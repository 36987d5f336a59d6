"""The OpenAPI 3.1 document of one server: its models' features, all routes, the limits. No HTML."""

from model.serving.formats.limits import MAX_CONTAINERS, MAX_ROWS, MAX_VALUES
from model.serving.models.catalog import Loaded
from model.serving.open_inference.metadata import SERVER_VERSION
from model.serving.openapi import inference, invocations
from model.serving.openapi.features import Document, row

_DESCRIPTION = """\
Scores of the model `{name}`, version {version}{output}.

SageMaker forwards `/ping` and `/invocations` alone; all other paths are for who reaches the container itself.
The Open Inference Protocol under `/v2` is what KServe, Seldon and Triton clients speak.

A body has at most {max_body:,} bytes, also when it is unpacked (gzip), and {max_rows:,} rows."""


def openapi(loaded: Loaded, max_body: int) -> Document:
    """The document; `max_body` is in bytes."""
    default = loaded.default
    output = default.schema.output
    told = f": {output.description}" if output.description else ""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": default.name,
            "version": default.version,
            "description": _DESCRIPTION.format(
                name=default.name, version=default.version, output=told, max_body=max_body, max_rows=MAX_ROWS
            ),
            "x-server": f"slipway {SERVER_VERSION}",
            "x-model-sha256": default.sha256,
        },
        "x-limits": {
            "body_bytes": max_body,
            "rows": MAX_ROWS,
            "json_values": MAX_VALUES,
            "json_containers": MAX_CONTAINERS,
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in ("SageMaker", "Open Inference", "Operation")],
        "paths": {
            **invocations.paths(default.schema),
            **inference.paths(loaded),
            **_own_paths(),
        },
        "components": {
            "schemas": {
                "Row": row(default.schema),
                **invocations.schemas(default.schema),
                **inference.schemas(loaded),
            },
            "headers": {
                "RequestId": {
                    "description": "The request's own X-Request-Id, or else a new one.",
                    "schema": {"type": "string"},
                }
            },
        },
    }


def _own_paths() -> Document:
    page = {"text/html": {"schema": {"type": "string"}}}
    document = {"application/json": {"schema": {"type": "object"}}}
    return {
        path: {
            "get": {
                "operationId": name,
                "tags": ["Operation"],
                "summary": summary,
                "responses": {"200": invocations.answer(summary, content)},
            }
        }
        for path, name, summary, content in (
            ("/openapi.json", "openapi", "This document", document),
            ("/docs", "docs", "A page that documents and tries this API", page),
        )
    }
