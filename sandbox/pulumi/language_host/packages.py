"""What is installed beside a program's interpreter, read from files: no interpreter is started for it."""

import json
import re
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distributions, version
from pathlib import Path

_SITE_PACKAGES = "lib/python3*/site-packages"


def version_of(name: str) -> str | None:
    """Return the version of a distribution beside this host, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def installed(python: Path) -> list[tuple[str, str]]:
    """Return (name, version) of every distribution beside `python`, sorted."""
    paths = [str(path) for path in _site_packages(python)]
    found = {_name(item): item.version for item in distributions(path=paths)}
    return sorted(found.items())


def required(python: Path) -> list[tuple[str, str]]:
    """Return (provider, version) of each Pulumi provider SDK beside `python`, sorted.

    A provider's Python package holds a `pulumi-plugin.json` that says so.
    """
    found: list[tuple[str, str]] = []
    for folder in _site_packages(python):
        for file in sorted(folder.glob("pulumi_*/pulumi-plugin.json")):
            plugin = json.loads(file.read_text(encoding="utf-8"))
            if plugin.get("resource") and plugin.get("name") and plugin.get("version"):
                found.append((plugin["name"], plugin["version"]))
    return sorted(found)


def python_version(python: Path) -> str:
    """Return the version of an interpreter, such as `3.11.7`."""
    if python == Path(sys.executable):
        return ".".join(str(part) for part in sys.version_info[:3])
    answer = subprocess.run(
        [str(python), "--version"], capture_output=True, text=True, timeout=10, check=True
    )
    return answer.stdout.strip().removeprefix("Python ")


def _site_packages(python: Path) -> list[Path]:
    return sorted(python.parent.parent.glob(_SITE_PACKAGES))


def _name(item: Distribution) -> str:
    return re.sub(r"[-_.]+", "-", item.metadata["Name"] or "").lower()
