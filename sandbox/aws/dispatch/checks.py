"""Refuses what AWS refuses before a service acts: unknown actions, unreadable bodies, members out of bounds.

Codes and words are those of the caller's protocol. The members of a request are checked by
`shared/validation.py` (JSON and query protocol) and `s3/rules.py`.
"""

import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from botocore.exceptions import UnknownServiceError
from botocore.session import get_session

from sandbox.aws.dispatch.query_requests import read_query
from sandbox.aws.s3 import rules as s3_rules
from sandbox.aws.shared import validation
from sandbox.aws.shared.errors import BadRequest
from sandbox.core.asgi import Scope, header

_QUERY_CODES = {"iam": "ValidationError", "sts": "ValidationError", "sns": "InvalidParameter"}
"""The services of the query protocol whose members are checked, and the code that each refuses with."""

_VIOLATION = re.compile(
    r"Value .* at '(?P<at>[^']*)' failed to satisfy constraint: Member (?P<rule>.*)", re.DOTALL
)


def check(scope: Scope, service: str, action: str, body: bytes) -> None:
    """Raise BadRequest for a request that AWS's front door would not let in."""
    if service == "s3":
        return s3_rules.check(scope, action, body)
    operations = _operations(service)
    if header(scope, b"content-type").startswith("application/x-www-form-urlencoded"):
        return _check_query(service, action, body, operations)
    if operations is None or (not action and scope["path"] != "/"):
        return None  # moto may know it by another name
    if action not in operations:
        raise BadRequest("UnknownOperationException", f"The requested operation {action} is not known.")
    request = _read_json(body) if header(scope, b"x-amz-target") else {}
    if service in ("cloudwatch", "ecr"):
        shape = validation.input_shape(service, action)
        found = validation.violations(shape, request) if shape is not None else []
        if found and service == "ecr":
            raise BadRequest("InvalidParameterException", _in_words_of_ecr(found[0]))
        return validation.refuse(found, "ValidationError")
    return validation.check(service, action, body)


def _check_query(service: str, action: str, body: bytes, operations: frozenset[str] | None) -> None:
    parameters = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if not action:
        raise BadRequest("MissingAction", "The request must contain the parameter Action.")
    if operations is not None and action not in operations:
        version = parameters.get("Version", "")
        raise BadRequest("InvalidAction", f"Could not find operation {action} for version {version}")
    if service in _QUERY_CODES:
        shape = validation.input_shape(service, action)
        if shape is not None:
            found = validation.violations(shape, read_query(shape, parameters))
            validation.refuse(found, _QUERY_CODES[service])


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body or b"{}")
    except ValueError as error:
        raise BadRequest("SerializationException", "Unable to parse the request body as JSON.") from error
    if not isinstance(request, dict):
        raise BadRequest("SerializationException", "Unexpected field type")
    return request


def _in_words_of_ecr(violation: str) -> str:
    """ECR names one violation only, and without the value."""
    match = _VIOLATION.fullmatch(violation)
    if match is None:
        return violation
    rule = re.sub(r"pattern: (.*)", r"'\1'", match["rule"], flags=re.DOTALL)
    return f"Invalid parameter at '{match['at']}' failed to satisfy constraint: '{rule}'"


@cache
def _operations(service: str) -> frozenset[str] | None:
    """The names of a service's actions, None for a service that botocore does not know by this name."""
    try:
        return frozenset(get_session().get_service_model(service).operation_names)
    except UnknownServiceError:
        return None
