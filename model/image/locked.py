"""Whether a lock is of its requirements: what it leaves out would be missing in the image.

It compares texts alone; it resolves nothing and fetches nothing.
"""

import re
from collections.abc import Iterator, Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from model.image.errors import DependencyError

PIN = re.compile(r"(?m)^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<extras>\[[^\]]*\])?==(?P<version>[^\s;\\#]+)")


def pins(text: str) -> dict[str, str]:
    """The versions that a requirements file or lock pins, by name."""
    return {match["name"].lower(): match["version"] for match in PIN.finditer(text)}


def check_lock(requirements: str, lock: str, python: str) -> None:
    """Refuse a lock that leaves one of `requirements` out, or pins what it excludes; both are texts.

    `python` (like "3.11") is the image's: a requirement that its marker says is not for it counts for
    nothing. Raises DependencyError, which names every requirement that is not met.
    """
    pinned = {canonicalize_name(name): version for name, version in pins(lock).items()}
    wrong = [text for wanted in _wanted(requirements, python) if (text := _unmet(wanted, pinned))]
    if wrong:
        raise DependencyError(
            f"The lock is not of its requirements: {'; '.join(wrong)}.",
            "No image was built: it would hold something else than was asked for.",
            "Lock the requirements again (make lock), and run again.",
        )


def _wanted(requirements: str, python: str) -> Iterator[Requirement]:
    for line in requirements.splitlines():
        text = line.partition(" #")[0].strip()
        if not text or text.startswith(("#", "-")):
            continue
        try:
            wanted = Requirement(text)
        except InvalidRequirement as error:
            raise DependencyError(
                f"{text!r} is no requirement: {error}.", "No image was built.", "Correct it (PEP 508)."
            ) from None
        if wanted.marker is None or wanted.marker.evaluate({"python_version": python}):
            yield wanted


def _unmet(wanted: Requirement, pinned: Mapping[NormalizedName, str]) -> str:
    version = pinned.get(canonicalize_name(wanted.name))
    if version is None:
        return f"{wanted} is not in it"
    return "" if wanted.specifier.contains(version, prereleases=True) else f"{wanted}, and it pins {version}"
