"""Pulumi's property values as plain JSON values, and back. Knows nothing of resources.

The engine is told that this provider wants no secrets and no resource references. So the only special value
that it sends is UNKNOWN.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from google.protobuf import struct_pb2

Value: TypeAlias = bool | int | float | str | list["Value"] | dict[str, "Value"] | None
Properties: TypeAlias = dict[str, Value]

# protobuf makes its classes at run time, where no type checker sees them.
STRUCT: Any = struct_pb2.Struct  # ty: ignore[missing-attribute]

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine and the SDKs send for a value that is known only after an update."""


def to_python(struct: Any) -> Properties:
    """Return a protobuf struct as a dict. Whole numbers become int: AWS's parameters want them so."""
    return {key: _to_python(value) for key, value in struct.fields.items()}


def to_struct(properties: Mapping[str, Value]) -> Any:
    """Return a dict as a protobuf struct; None values are left out, as Pulumi's bridge does."""
    struct = STRUCT()
    struct.update(_without_none(dict(properties)))
    return struct


def contains_unknown(value: Value) -> bool:
    """Say whether a value is, or holds, one that is not known yet."""
    return any(leaf == UNKNOWN for leaf in _leaves(value))


def _leaves(value: Value) -> Iterator[Value]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _to_python(value: Any) -> Value:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return to_python(value.struct_value)
    if kind == "list_value":
        return [_to_python(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return value.string_value
    if kind == "bool_value":
        return value.bool_value
    return None


def _without_none(value: Properties) -> Properties:
    return {key: _clean(item) for key, item in value.items() if item is not None}


def _clean(value: Value) -> Value:
    if isinstance(value, dict):
        return _without_none(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
