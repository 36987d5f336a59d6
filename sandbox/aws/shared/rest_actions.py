"""Which action a REST request is, by botocore's service model. Pure, but for reading the model once.

An action matches when its method and path do, and the request has every query parameter and header that it
requires. When several match, the one that requires most is meant: `PUT /bucket/key?uploadId=…&partNumber=1`
is UploadPart and not PutObject.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qs

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel
from botocore.session import get_session


@dataclass(frozen=True)
class _Route:
    """How one action is recognized: method, path pattern, required query parameters and headers."""

    action: str
    method: str
    path: re.Pattern[str]
    query: Mapping[str, str]
    headers: frozenset[str]

    def fits(self, method: str, path: str, query: Mapping[str, list[str]], headers: frozenset[str]) -> bool:
        return (
            method == self.method
            and self.path.fullmatch(path) is not None
            and all(name in query and value in ("", query[name][0]) for name, value in self.query.items())
            and self.headers <= headers
        )


def rest_action(service: str, method: str, path: str, query: str, headers: frozenset[str]) -> str:
    """The name of the operation, empty when there is none. `path` is not decoded; headers in lower case."""
    given = parse_qs(query, keep_blank_values=True)
    for route in _routes(service):
        if route.fits(method, path, given, headers):
            return route.action
    return ""


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    """The operations of a REST service, those that ask for most first; deprecated twins last."""
    try:
        model = get_session().get_service_model(service)
    except UnknownServiceError:
        return ()
    if not model.metadata["protocol"].startswith("rest"):
        return ()
    operations = [model.operation_model(name) for name in model.operation_names]
    operations.sort(key=lambda operation: bool(operation.deprecated))
    routes = [_route(operation) for operation in operations]
    return tuple(sorted(routes, key=lambda route: (-len(route.query) - len(route.headers), -_fixed(route))))


def _route(operation: OperationModel) -> _Route:
    uri, _, static = operation.http["requestUri"].partition("?")
    query = {name: values[0] for name, values in parse_qs(static, keep_blank_values=True).items()}
    headers = set()
    shape = operation.input_shape
    for name in shape.required_members if shape is not None else ():
        where = shape.members[name].serialization
        if where.get("location") == "querystring":
            query.setdefault(where["name"], "")
        elif where.get("location") == "header":
            headers.add(where["name"].lower())
    return _Route(operation.name, operation.http["method"], _pattern(uri), query, frozenset(headers))


def _pattern(uri: str) -> re.Pattern[str]:
    """`/{Bucket}/{Key+}` as a regular expression; a label with a plus takes slashes too."""
    parts = re.split(r"(\{\w+\+?\})", uri)
    pieces = [
        (".+" if part.endswith("+}") else "[^/]+") if part.startswith("{") else re.escape(part)
        for part in parts
    ]
    return re.compile("".join(pieces) + "/?")


def _fixed(route: _Route) -> int:
    """How much of the path is literal."""
    return len(route.path.pattern.replace("[^/]+", "").replace(".+", ""))
