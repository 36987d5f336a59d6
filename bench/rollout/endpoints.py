"""A stage's data with more endpoints: each has the same data as the first, so it serves the same releases.

The pins are whatever the release command wrote; nothing here knows what is in them.
"""

import copy
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ENDPOINTS = "slipway:endpoints"
FIRST = "delays"
"""The endpoint that is released for real, and measured."""


def name(number: int) -> str:
    """The name of the endpoint with this number, from 1 on."""
    return FIRST if number == 1 else f"{FIRST}-{number:03d}"


def first(stage_file: Path) -> Any:
    """The first endpoint's data as the stage has it now: settings and pins."""
    return _yaml().load(stage_file.read_text(encoding="utf-8"))["config"][ENDPOINTS][FIRST]


def fill(stage_file: Path, count: int, data: Any) -> None:
    """Give the stage `count` endpoints; those that it lacks get `data`. Comments and quotes stay."""
    document = _yaml().load(stage_file.read_text(encoding="utf-8"))
    endpoints = document["config"][ENDPOINTS]
    for number in range(2, count + 1):
        endpoints.setdefault(name(number), copy.deepcopy(data))
    with stage_file.open("w", encoding="utf-8") as out:
        _yaml().dump(document, out)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
