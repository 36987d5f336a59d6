"""A custom resource compared with its definition as an API server does, and stricter: nothing is pruned.

Of what structural schemas say: types of values, required and unknown fields, enums and bounds, and lists
whose items have a key (`x-kubernetes-list-type`). The metadata is the API server's own, and known to it.
"""

from collections.abc import Iterator
from typing import Any

from jsonschema_rs import Draft202012Validator


def faults(resource: Any, definition: Any) -> list[str]:
    """What is wrong with a resource, by the CustomResourceDefinition of its kind; nothing of a right one."""
    group, _, version = resource["apiVersion"].partition("/")
    spec = definition["spec"]
    named = {each["name"]: each for each in spec["versions"] if each["served"]}
    if (group, resource["kind"]) != (spec["group"], spec["names"]["kind"]) or version not in named:
        return [f"{resource['apiVersion']} {resource['kind']} is not in {definition['metadata']['name']}"]
    schema = named[version]["schema"]["openAPIV3Schema"]
    found = Draft202012Validator(_closed(schema)).iter_errors(resource)
    told = [f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}" for error in found]
    return [*told, *_twice(resource, schema, "$")]


def _closed(schema: Any) -> Any:
    """The same schema, which takes no field that it does not name."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {
        key: {name: _closed(each) for name, each in value.items()} if key == "properties" else _closed(value)
        for key, value in schema.items()
    }
    opened = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if "properties" in schema and not opened:
        closed["additionalProperties"] = False
    return closed


def _twice(value: Any, schema: Any, path: str) -> Iterator[str]:
    """Items of a list that say by their keys that they are the same one."""
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for name, each in value.items():
            yield from _twice(each, known.get(name, {}), f"{path}.{name}")
    if isinstance(value, list):
        items = schema.get("items", {})
        if keys := schema.get("x-kubernetes-list-map-keys"):
            defaults = {key: items["properties"][key].get("default") for key in keys}
            seen = [tuple(each.get(key, defaults[key]) for key in keys) for each in value]
            yield from (f"{path}: {key} is there twice" for key in set(seen) if seen.count(key) > 1)
        for number, each in enumerate(value):
            yield from _twice(each, items, f"{path}[{number}]")
