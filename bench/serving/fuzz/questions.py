"""Requests without a body, or where none belongs: all paths and methods, and paths that are none. Pure."""

from random import Random
from urllib.parse import quote

from model.serving.models.schema import Schema

_METHODS = ("GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND")
_PATHS = (
    *(
        "/ping",
        "/metrics",
        "/",
        "/docs",
        "/openapi.json",
        "/v2",
        "/v2/",
        "/v2/health/live",
        "/v2/health/ready",
    ),
    *("/v2/models", "/v2/repository/index", "/v2/repository/models/x/load", "/invocations", "/invocations/"),
    *(
        "/ping/",
        "/PING",
        "//ping",
        "/./ping",
        "/../etc/passwd",
        "/v2/../ping",
        "/%70ing",
        "/ping%00",
        "/%ff%fe",
        "*",
    ),
)
_ODD = (
    "%2e%2e",
    "%00",
    "%ff",
    "%C3%A9",
    "a" * 3000,
    "..",
    ".",
    "%",
    "%zz",
    "a%2Fb",
    "%7F",
    "'",
    "<script>",
    "{}",
)


def question(chance: Random, schema: Schema) -> tuple[str, str]:
    """A method and a path."""
    method = chance.choice(_METHODS)
    if chance.random() < 0.5:
        return method, chance.choice(_PATHS)
    name = quote(schema.service, safe="") if chance.random() < 0.6 else chance.choice(_ODD)
    version = schema.version if chance.random() < 0.6 else chance.choice(_ODD)
    rest = chance.choice(
        ("", "/ready", "/infer", "/versions", f"/versions/{version}", f"/versions/{version}/ready", "/x")
    )
    return method, f"/v2/models/{name}{rest}"
