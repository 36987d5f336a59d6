"""Which of Debian's packages a base holds, read from its own files.

Debian's images keep one record of all packages, those without a package manager one file for each. Of a base
that keeps neither nothing is known.
"""

import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from model.image.debian import parse_control

_STATUS = "var/lib/dpkg/status"
_RECORDS = "var/lib/dpkg/status.d/"
_RELEASE = "usr/lib/os-release"
_SUMS = ".md5sums"


@dataclass(frozen=True)
class BasePackage:
    """One package. `distribution` is like "debian-12", "" where the base does not tell."""

    name: str
    version: str
    architecture: str
    distribution: str

    def record(self) -> dict[str, str]:
        """As JSON."""
        return asdict(self)


def told(files: Mapping[str, str]) -> tuple[BasePackage, ...]:
    """The packages that `files` tell of (path without a leading slash to content), by name."""
    release = dict(line.split("=", 1) for line in files.get(_RELEASE, "").splitlines() if "=" in line)
    identity, version = (release.get(key, "").strip('"') for key in ("ID", "VERSION_ID"))
    distribution = f"{identity}-{version}" if identity and version else identity
    paragraphs = [part for path, text in files.items() if is_record(path) for part in text.split("\n\n")]
    fields = [found for found in map(parse_control, paragraphs) if "Version" in found]
    packages = {
        BasePackage(found["Package"], found["Version"], found["Architecture"], distribution)
        for found in fields
        if found.get("Status", "install ok installed").endswith(" installed")
    }
    return tuple(sorted(packages, key=lambda package: (package.name, package.architecture)))


def is_record(path: str) -> bool:
    """Whether the file at `path` tells of packages."""
    return path == _STATUS or (path.startswith(_RECORDS) and not path.endswith(_SUMS))


def of_layers(layers: Iterable[Path]) -> tuple[BasePackage, ...]:
    """The packages of an image, from its compressed layers, the lowest first. Raises OSError."""
    files: dict[str, str] = {}
    for layer in layers:
        files.update(_read(layer))
    return told(files)


def _read(layer: Path) -> Iterator[tuple[str, str]]:
    with tarfile.open(layer, "r|*") as tar:
        for member in tar:
            path = member.name.removeprefix("./").removeprefix("/")
            if member.isfile() and _wanted(path):
                content = tar.extractfile(member)
                assert content is not None
                yield path, content.read().decode(errors="replace")


def of_folder(root: Path) -> tuple[BasePackage, ...]:
    """The packages of an image that is unpacked in `root`, or of as much of it as is there."""
    found = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    names = {path.relative_to(root).as_posix(): path for path in found}
    return told({name: path.read_text(errors="replace") for name, path in names.items() if _wanted(name)})


def _wanted(path: str) -> bool:
    return path == _RELEASE or is_record(path)
