"""Requests of every action of a service, made from botocore's model: the least that it takes, or worse."""

from typing import Any


def least(shape: Any, depth: int = 0, name: str = "") -> Any:
    """The smallest value that a shape allows; names are of things that are not there."""
    rules = shape.metadata
    match shape.type_name:
        case "structure":
            required = shape.required_members if depth < 6 else ()
            return {member: least(shape.members[member], depth + 1, member) for member in required}
        case "list":
            return [least(shape.member, depth + 1, name)] * rules.get("min", 0)
        case "map":
            return {}
        case "string":
            return shape.enum[0] if shape.enum else _text(name, rules.get("min", 1), rules.get("max", 64))
        case "integer" | "long":
            return rules.get("min", 1)
        case "float" | "double":
            return 1.0
        case "boolean":
            return True
        case "timestamp":
            return 1_700_000_000
        case _:
            return b"x"


def _text(name: str, least_length: int, most: int) -> str:
    text = "arn:aws:iam::123456789012:role/absent" if name.lower().endswith("arn") else "absent"
    return text[:most].ljust(least_length, "x")


def spoiled(shape: Any) -> dict[str, Any]:
    """As `least`, with every text too long, every number negative and every list empty."""
    return {name: _spoiled(shape.members[name]) for name in shape.required_members}


def _spoiled(shape: Any) -> Any:
    match shape.type_name:
        case "string":
            return "?" * 5000
        case "integer" | "long":
            return -5
        case "structure":
            return {name: _spoiled(shape.members[name]) for name in shape.required_members}
        case "list":
            return []
        case _:
            return least(shape)
