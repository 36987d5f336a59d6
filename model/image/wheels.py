"""The wheels that an installation came from: name, version, file, hash and licence of each.

It reads uv's lock with file names (PEP 751) and what the wheels say of themselves. It fetches nothing.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from model.image.errors import DependencyError

_SPDX = {
    "MIT License": "MIT",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
}
"""What older packages call their licence, as SPDX calls it."""


@dataclass(frozen=True)
class Wheel:
    """One installed package. `sha256` is its wheel `file`'s; `licence` is in SPDX's words where known."""

    name: str
    version: str
    file: str
    sha256: str
    licence: str

    def record(self) -> dict[str, str]:
        """As JSON."""
        return asdict(self)


def read_wheels(installed: Path, lock: str) -> tuple[Wheel, ...]:
    """The packages in the folder `installed`, by name; `lock` is a pylock.toml that names their wheels.

    Raises DependencyError where the lock does not name the wheel of an installed package.
    """
    locked = {package["name"]: package for package in tomllib.loads(lock).get("packages", [])}
    wheels = [_wheel(folder, locked) for folder in installed.glob("*.dist-info")]
    return tuple(sorted(wheels, key=lambda wheel: wheel.name))


def _wheel(folder: Path, locked: dict[str, Any]) -> Wheel:
    metadata, about = _headers(folder / "METADATA"), _headers(folder / "WHEEL")
    name = _normal(metadata["Name"])
    tags = {tag for told in about.get_all("Tag", []) for tag in _tags(told)}
    for entry in locked.get(name, {}).get("wheels", []):
        file = (entry.get("name") or entry.get("url") or entry["path"]).rpartition("/")[2]
        if locked[name]["version"] == metadata["Version"] and _tags(file) == tags:
            return Wheel(name, metadata["Version"], file, entry["hashes"]["sha256"], licence(metadata))
    raise DependencyError(
        f"{name} {metadata['Version']} was installed, and the lock names no wheel of it with the tags "
        f"{', '.join(sorted(tags))}.",
        "No image was built: its SBOM would not say what is in it.",
        "Lock the requirements again (make lock), and run again.",
    )


def _headers(file: Path) -> Message:
    return HeaderParser().parsestr(file.read_text(encoding="utf-8", errors="replace"))


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _tags(file: str) -> set[str]:
    """The tags that the name of a wheel, or a Tag in it, stands for: each Python, ABI and platform."""
    pythons, abis, platforms = (part.split(".") for part in file.removesuffix(".whl").split("-")[-3:])
    return {f"{python}-{abi}-{platform}" for python in pythons for abi in abis for platform in platforms}


def licence(metadata: Message) -> str:
    """The licence that a package's metadata tells, "" where it tells none in one line."""
    if expression := metadata.get("License-Expression"):
        return expression
    told = (metadata.get("License") or "").strip()
    if not told or "\n" in told:
        told = _classifier(metadata.get_all("Classifier", []))
    return _SPDX.get(told, told)


def _classifier(classifiers: Iterable[str]) -> str:
    names = [name.rpartition(" :: ")[2] for name in classifiers if name.startswith("License ::")]
    return names[0] if len(names) == 1 else ""
