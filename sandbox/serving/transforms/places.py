"""Which objects a job reads, and where the result of each goes. Pure."""

import json
from collections.abc import Iterable
from typing import Any


class BadManifest(ValueError):
    """What is no manifest of objects."""


def names_below(prefix: str, keys: Iterable[str]) -> dict[str, str]:
    """The name of each object of a prefix, below it, by its key.

    Below a folder it is what comes after the folder; of a prefix that ends within a name it is that name,
    and so it is of one that is a whole key. What only stands for a folder is none of them.
    """
    folder = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
    above = prefix[: prefix.rfind("/") + 1]
    return {
        key: key[len(folder) :] if key.startswith(folder) else key[len(above) :]
        for key in keys
        if not key.endswith("/")
    }


def manifest(content: bytes) -> tuple[str, list[str]]:
    """The prefix of a manifest, an `s3://` URI, and the names below it. Raises BadManifest."""
    try:
        found: Any = json.loads(content)
    except ValueError as error:
        raise BadManifest(f"it is no JSON: {error}") from error
    head = found[0] if isinstance(found, list) and found else None
    names = found[1:] if head is not None else []
    if not isinstance(head, dict) or not str(head.get("prefix", "")).startswith("s3://"):
        raise BadManifest('it is no list that begins with {"prefix": "s3://…"}')
    if not names or not all(isinstance(name, str) for name in names):
        raise BadManifest("it names no objects after its prefix")
    return head["prefix"], names


def stored(output: str, name: str) -> str:
    """The `s3://` URI of the result of the object called `name`."""
    return f"{output.rstrip('/')}/{name}.out"
