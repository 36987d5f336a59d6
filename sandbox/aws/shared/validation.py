"""Checks requests against botocore's service model, as AWS does before an action runs.

Names, lengths, patterns, ranges, enums, required members and the sizes of lists and maps, in the words of the
JSON services ("1 validation error detected: Value 'x' at 'endpointName' failed to satisfy constraint: ...").
Members that the model does not know are ignored, as AWS ignores them. What depends on other resources is the
action's own business. Pure, but for botocore's model, which is read from its files once.

The model's patterns are Java's. Python's `re` has no `\\p{...}`, so each such class is replaced by similar
characters; a pattern that Python still cannot compile is not checked.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.model import Shape
from botocore.session import get_session

from sandbox.aws.shared.errors import BadRequest

_JAVA_CLASSES = {
    "L": r"\w",
    "M": r"\u0300-\u036f",
    "N": r"\d",
    "Print": r"\x20-\x7e",
    "P": r"!-/:-@\[-`{-~\u2010-\u2027",
    "S": r"$+<=>^`|~\u00a2-\u00a9",
    "Z": r"\s",
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "ASCII": r"\x00-\x7f",
}
_TOKENS = re.compile(r"\\p\{\w+\}|\\.|.", re.DOTALL)
_KINDS: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
}
_JAVA_NAMES = {
    "integer": "Integer",
    "long": "Long",
    "float": "Float",
    "double": "Double",
    "boolean": "Boolean",
}


VALIDATED: dict[str, str] = {
    "sagemaker": "ValidationException",
    "application-autoscaling": "ValidationException",
    "kms": "ValidationException",
    "logs": "InvalidParameterException",
}
"""The services whose requests are checked, all of them JSON, and the code that each refuses with."""


def check(service: str, action: str, body: bytes) -> None:
    """Raise BadRequest when a JSON request breaks the constraints of `action`'s input.

    Requests of services that are not in VALIDATED pass.
    """
    if service not in VALIDATED:
        return
    shape = input_shape(service, action)
    if shape is None:
        return
    try:
        request = json.loads(body or b"{}")
    except ValueError as error:
        raise BadRequest("SerializationException", "Unable to parse the request body as JSON.") from error
    if not isinstance(request, dict):
        raise BadRequest("SerializationException", "Unexpected field type")
    refuse(violations(shape, request), VALIDATED[service])


def refuse(found: list[str], code: str) -> None:
    """Raise BadRequest with all violations at once, as AWS reports them, when there are any."""
    if found:
        errors = "validation error" if len(found) == 1 else "validation errors"
        raise BadRequest(code, f"{len(found)} {errors} detected: {'; '.join(found)}")


@cache
def input_shape(service: str, action: str) -> Shape | None:
    """The input of an action, None for one that takes nothing. Raises BadRequest when there is no such."""
    model = _service_model(service)
    if action not in model.operation_names:
        raise BadRequest("UnknownOperationException", f"The requested operation {action} is not known.")
    return model.operation_model(action).input_shape


def violations(shape: Shape, request: Mapping[str, Any]) -> list[str]:
    """What breaks the constraints of an input shape. Raises BadRequest where a type is wrong."""
    return list(_structure(shape, request, ""))


@cache
def _service_model(service: str) -> Any:
    return get_session().get_service_model(service)


def _structure(shape: Any, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        at = f"{path}.{_camel(name)}" if path else _camel(name)
        given = value.get(name)
        if given is not None:
            yield from _value(member, given, at)
        elif name in shape.required_members:
            yield f"Value null at '{at}' failed to satisfy constraint: Member must not be null"


def _value(shape: Any, value: Any, at: str) -> Iterator[str]:
    kind = shape.type_name
    allowed = _KINDS.get(kind)
    if allowed and (not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed)):
        raise BadRequest("SerializationException", _wrong_type(kind, value))
    for constraint in constraints(shape, value):
        yield f"Value '{_shown(value)}' at '{at}' failed to satisfy constraint: {constraint}"
    if kind == "structure":
        yield from _structure(shape, value, at)
    elif kind == "list":
        for number, entry in enumerate(value, 1):
            if entry is not None:
                yield from _value(shape.member, entry, f"{at}.{number}.member")
    elif kind == "map":
        yield from _map(shape, value, at)


def _map(shape: Any, value: Mapping[str, Any], at: str) -> Iterator[str]:
    for key, entry in value.items():
        for what, part, given in (("keys", shape.key, key), ("value", shape.value, entry)):
            if part.type_name == "string" and isinstance(given, str):
                broken = list(constraints(part, given))
                if broken:
                    yield (
                        f"Value '{_shown(value)}' at '{at}' failed to satisfy constraint: "
                        f"Map {what} must satisfy constraint: [{', '.join(broken)}]"
                    )
            elif given is not None:
                yield from _value(part, given, f"{at}.{key}.member")


def constraints(shape: Any, value: Any) -> Iterator[str]:
    """The constraints of one shape that one value breaks, in AWS's words."""
    rules = shape.metadata
    kind = shape.type_name
    if kind in ("string", "list", "map"):
        size, what = len(value), "length"
    elif kind in ("integer", "long", "float", "double"):
        size, what = value, "value"
    else:
        return
    if "max" in rules and size > rules["max"]:
        yield f"Member must have {what} less than or equal to {rules['max']}"
    if "min" in rules and size < rules["min"]:
        yield f"Member must have {what} greater than or equal to {rules['min']}"
    if kind == "string" and "pattern" in rules:
        pattern = _python_pattern(rules["pattern"])
        if pattern is not None and not pattern.fullmatch(value):
            yield f"Member must satisfy regular expression pattern: ^{rules['pattern'].removeprefix('^')}"
    if kind == "string" and rules.get("enum") and value not in rules["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(rules['enum'])}]"


@cache
def _python_pattern(pattern: str) -> re.Pattern[str] | None:
    """A Java pattern as Python reads it, or None when it does not."""
    inside = False
    parts: list[str] = []
    for token in _TOKENS.findall(pattern):
        if token.startswith(r"\p{"):
            characters = _JAVA_CLASSES.get(token[3:-1])
            if characters is None:
                return None
            parts.append(characters if inside else f"[{characters}]")
            continue
        inside = token == "[" or (inside and token != "]")  # noqa: S105  a piece of a pattern
        parts.append({r"\z": r"\Z"}.get(token, token))
    try:
        return re.compile("".join(parts))
    except re.error:
        return None


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={_shown(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(entry) for entry in value) + "]"
    return str(value)


def _wrong_type(kind: str, value: Any) -> str:
    if isinstance(value, str):
        token = "STRING_VALUE"  # noqa: S105
    elif isinstance(value, bool):
        token = f"{str(value).upper()}_VALUE"
    elif isinstance(value, int | float):
        token = "NUMBER_VALUE"  # noqa: S105
    else:
        return "Start of structure or map found where not expected."
    if kind in ("structure", "map", "list"):
        return "Unexpected field type"
    article = "an" if kind == "integer" else "a"
    return f"{token} can not be converted to {article} {_JAVA_NAMES.get(kind, 'String')}"
