"""Unpacks archives that this project made itself. It is not for what strangers send."""

import tarfile
from pathlib import Path
from typing import Literal


def extract(tar: tarfile.TarFile, folder: Path, kind: Literal["data", "tar"] = "data") -> None:
    """All members of `tar` into `folder`, through tarfile's filter of that kind where Python has it.

    Python has filters since 3.11.4; without them members are unpacked as they are (PEP 706 shows this way
    for both). Raises OSError and tarfile's errors.
    """
    plain = getattr(tarfile, f"{kind}_filter", lambda member, _path: member)
    tar.extraction_filter = staticmethod(plain)
    tar.extractall(folder)  # noqa: S202 - its own archives, by the filter above
