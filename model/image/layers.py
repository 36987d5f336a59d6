"""Files into a tar that depends on nothing but them: the same files give the same bytes.

Sorted, owned by root, no times, fixed modes. Not compressed: crane does that, with Go's own deflate, while
the zlib behind Python differs from one machine to the next.
"""

import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

_FOLDER_MODE = 0o755
_FILE_MODE = 0o644
_PROGRAM_MODE = 0o755


class Entry(NamedTuple):
    """One file of a layer: where it comes from, and its path in the image, without a leading slash."""

    source: Path
    target: PurePosixPath
    program: bool = False
    """Whether it is to be executed."""


def write_layer(entries: Iterable[Entry], tar: Path) -> None:
    """Writes the layer of `entries`, with all folders above them, to `tar`. Raises OSError."""
    ordered = sorted(entries, key=lambda entry: entry.target.as_posix())
    folders = {folder for entry in ordered for folder in entry.target.parents if folder != PurePosixPath(".")}
    with tarfile.open(tar, "w", format=tarfile.PAX_FORMAT) as archive:
        for folder in sorted(folders, key=PurePosixPath.as_posix):
            archive.addfile(_info(folder, _FOLDER_MODE, tarfile.DIRTYPE))
        for entry in ordered:
            info = _info(entry.target, _PROGRAM_MODE if entry.program else _FILE_MODE, tarfile.REGTYPE)
            with entry.source.open("rb") as content:
                info.size = entry.source.stat().st_size
                archive.addfile(info, content)


def _info(path: PurePosixPath, mode: int, kind: bytes) -> tarfile.TarInfo:
    # owner 0 and time 0 are TarInfo's own defaults
    info = tarfile.TarInfo(path.as_posix())
    info.mode = mode
    info.type = kind
    return info
