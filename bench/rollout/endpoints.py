"""A stage's data with more endpoints: each is a copy of the first, so it serves the same releases.

The pins are whatever the release command wrote; nothing here knows what is in them.
"""

import copy
from pathlib import Path

from ruamel.yaml import YAML

ENDPOINTS = "slipway:endpoints"
FIRST = "delays"
"""The endpoint that is released for real, and measured."""


def name(number: int) -> str:
    """The name of the endpoint with this number, from 1 on."""
    return FIRST if number == 1 else f"{FIRST}-{number:03d}"


def fill(stage_file: Path, count: int) -> None:
    """Write the first endpoint's data for the others too, until the stage has `count` endpoints."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(stage_file.read_text(encoding="utf-8"))
    endpoints = document["config"][ENDPOINTS]
    for number in range(2, count + 1):
        endpoints.setdefault(name(number), copy.deepcopy(endpoints[FIRST]))
    with stage_file.open("w", encoding="utf-8") as out:
        yaml.dump(document, out)
