"""Documents as YAML that people read: long expressions as blocks, one clause a line. Pure."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

_BLOCK_FROM = 80
"""Characters from which a text gets lines of its own."""


def yaml_text(title: str, *documents: Mapping[str, Any]) -> str:
    """The documents, one after the other, below a comment that says where they come from."""
    return f"# {title}\n" + "---\n".join(map(_text, documents))


def _text(document: Mapping[str, Any]) -> str:
    out = io.StringIO()
    yaml = YAML()
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(_readable(document), out)
    return out.getvalue()


def _readable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _readable(each) for name, each in value.items()}
    if isinstance(value, str):
        return LiteralScalarString(value) if "\n" in value or len(value) > _BLOCK_FROM else value
    if isinstance(value, Sequence):
        return [_readable(each) for each in value]
    return value
