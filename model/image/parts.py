"""What is known of a kept layer of requirements: its wheels, and the packages of the base below it."""

import json
from dataclasses import dataclass
from pathlib import Path

from model.image.base_packages import BasePackage
from model.image.wheels import Wheel

_FILE = "parts.json"


@dataclass(frozen=True)
class Parts:
    """The locked packages, and the base's, as far as it tells them."""

    wheels: tuple[Wheel, ...]
    base_packages: tuple[BasePackage, ...]


def write_parts(parts: Parts, folder: Path) -> None:
    """Keeps `parts` in `folder`. Raises OSError."""
    records = {
        "wheels": [wheel.record() for wheel in parts.wheels],
        "base_packages": [package.record() for package in parts.base_packages],
    }
    (folder / _FILE).write_text(json.dumps(records, indent=1), encoding="utf-8")


def read_parts(folder: Path) -> Parts:
    """What `write_parts` kept in `folder`. Raises OSError."""
    records = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    return Parts(
        tuple(Wheel(**record) for record in records["wheels"]),
        tuple(BasePackage(**record) for record in records["base_packages"]),
    )
