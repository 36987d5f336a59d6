"""The data version of a release: the one file of rows that its model learned from and was measured on.

Its manifest names it, so that it is known and can be had again for as long as the release is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from release.domain.errors import ServiceError
from release.domain.manifest import Manifest

FILE = "data.parquet"
"""Its name where training leaves it."""


@dataclass(frozen=True)
class DataVersion:
    """One file of data: its name for people, its hashes, its size in bytes."""

    name: str
    sha256: str
    """What proves the bytes."""
    md5: str
    """What DVC keeps them under; it proves nothing."""
    size: int


class DamagedData(ServiceError):
    """What is kept as a data version has other bytes."""


class DataStore(Protocol):
    """The data versions in a stage's bucket, where DVC keeps them."""

    def has(self, version: DataVersion) -> bool:
        """Whether the version's bytes are there, undamaged."""

    def put(self, version: DataVersion, file: Path) -> None:
        """Have it hold the bytes of `file`. Raises UsageError when they are not the version's."""

    def fetch(self, version: DataVersion, file: Path) -> bool:
        """Write the version's bytes to `file`; whether there are any. Raises DamagedData for other bytes."""


def of(manifest: Manifest) -> DataVersion | None:
    """The data version that a manifest names; None where the release was trained before there were any.

    That of a foreign container is never here: whatever its evidence says of it, whoever made it has it.
    """
    if manifest.foreign is not None:
        return None
    known = manifest.source
    name, sha256, md5, size = (known.get(f"data_{part}") for part in ("version", "sha256", "md5", "size"))
    if isinstance(name, str) and isinstance(sha256, str) and isinstance(md5, str) and isinstance(size, int):
        return DataVersion(name, sha256, md5, size)
    return None
