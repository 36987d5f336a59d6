"""Files into a tar that depends on nothing but them: the same files give the same bytes.

Sorted, owned by root, no times, fixed modes. Not compressed: crane does that, with Go's own deflate, while
the zlib behind Python differs from one machine to the next.
"""

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

_FOLDER_MODE = 0o755
_FILE_MODE = 0o644
_PROGRAM_MODE = 0o755
_LINK_MODE = 0o777


class Link(NamedTuple):
    """A symbolic link to `to`."""

    to: str


class Folder(NamedTuple):
    """A folder that needs another mode than those above files have."""

    mode: int


class Entry(NamedTuple):
    """One file, link or folder of a layer: what it is, and its path in the image, without a leading slash."""

    source: Path | bytes | Link | Folder
    """A file's content as the path of a file or as itself."""
    target: PurePosixPath
    program: bool = False
    """Whether it is to be executed."""


def write_layer(entries: Iterable[Entry], tar: Path) -> None:
    """Writes the layer of `entries`, with all folders above them, to `tar`. Raises OSError."""
    ordered = sorted(entries, key=lambda entry: entry.target.as_posix())
    told = {entry.target for entry in ordered if isinstance(entry.source, Folder)}
    above = {folder for entry in ordered for folder in entry.target.parents} - told - {PurePosixPath(".")}
    with tarfile.open(tar, "w", format=tarfile.PAX_FORMAT) as archive:
        for folder in sorted(above, key=PurePosixPath.as_posix):
            archive.addfile(_info(folder, _FOLDER_MODE, tarfile.DIRTYPE))
        for entry in ordered:
            _add(archive, entry)


def _add(archive: tarfile.TarFile, entry: Entry) -> None:
    match entry.source:
        case Folder(mode):
            archive.addfile(_info(entry.target, mode, tarfile.DIRTYPE))
        case Link(to):
            info = _info(entry.target, _LINK_MODE, tarfile.SYMTYPE)
            info.linkname = to
            archive.addfile(info)
        case bytes(content):
            _add_file(archive, entry, io.BytesIO(content), len(content))
        case path:
            with path.open("rb") as file:
                _add_file(archive, entry, file, path.stat().st_size)


def _add_file(archive: tarfile.TarFile, entry: Entry, content: IO[bytes], size: int) -> None:
    info = _info(entry.target, _PROGRAM_MODE if entry.program else _FILE_MODE, tarfile.REGTYPE)
    info.size = size
    archive.addfile(info, content)


def _info(path: PurePosixPath, mode: int, kind: bytes) -> tarfile.TarInfo:
    # owner 0 and time 0 are TarInfo's own defaults
    info = tarfile.TarInfo(path.as_posix())
    info.mode = mode
    info.type = kind
    return info
