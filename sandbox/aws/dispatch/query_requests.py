"""Reads requests of AWS's query protocol (IAM, STS, SNS) into nested dictionaries and lists. Pure.

`Tags.member.1.Key=team` becomes `{"Tags": [{"Key": "team"}]}`, by the shapes of botocore's model. Members
that the shape does not have are left out; a number that cannot be parsed stays text, for validation to
refuse.
"""

from collections.abc import Mapping
from typing import Any

MAX_ENTRIES = 1000
"""Entries that are read of one list or map; more than any action takes."""


def read_query(shape: Any, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The members of an input shape that the request gives."""
    return _structure(shape, parameters, "")


def _structure(shape: Any, parameters: Mapping[str, str], prefix: str) -> dict[str, Any]:
    found = {}
    for name, member in shape.members.items():
        key = prefix + member.serialization.get("name", name)
        value = _value(member, parameters, key)
        if value is not None:
            found[name] = value
    return found


def _value(shape: Any, parameters: Mapping[str, str], key: str) -> Any:
    match shape.type_name:
        case "structure":
            given = any(name.startswith(key + ".") for name in parameters)
            return _structure(shape, parameters, key + ".") if given else None
        case "list":
            return _list(shape, parameters, key)
        case "map":
            return _map(shape, parameters, key)
        case kind:
            return _scalar(kind, parameters.get(key))


def _list(shape: Any, parameters: Mapping[str, str], key: str) -> list[Any] | None:
    flattened = shape.serialization.get("flattened")
    prefix = key if flattened else f"{key}.{shape.member.serialization.get('name', 'member')}"
    entries = []
    for number in range(1, MAX_ENTRIES + 1):
        value = _value(shape.member, parameters, f"{prefix}.{number}")
        if value is None:
            break
        entries.append(value)
    return entries or ([] if parameters.get(key) == "" else None)


def _map(shape: Any, parameters: Mapping[str, str], key: str) -> dict[str, Any] | None:
    prefix = key if shape.serialization.get("flattened") else f"{key}.entry"
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    entries = {}
    for number in range(1, MAX_ENTRIES + 1):
        name = parameters.get(f"{prefix}.{number}.{key_name}")
        if name is None:
            break
        entries[name] = _value(shape.value, parameters, f"{prefix}.{number}.{value_name}")
    return entries or None


def _scalar(kind: str, text: str | None) -> Any:
    if text is None:
        return None
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
    except ValueError:
        return text
    return text.lower() == "true" if kind == "boolean" and text.lower() in ("true", "false") else text
