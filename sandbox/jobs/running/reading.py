"""Reads what a program left below its /opt/ml, and nothing beyond it. Blocking.

All of /opt/ml belongs to the program, folders that SageMaker made in it too: any part of a path may be a
link, which would lead elsewhere on this machine than in the container, or a named pipe, whose opening would
wait for ever. So a path is opened part by part from the run's own folder, through no link, without waiting.
"""

import codecs
import errno
import io
import os
import stat
import tarfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sandbox.serving.runtimes.program import ML


def read_file(ml: Path, file: Path, most: int = -1) -> bytes:
    """The first bytes of a file, or all of it. Raises OSError for what is no file, or lies behind a link."""
    with _opened(ml, file) as descriptor, _reader(descriptor, file) as content:
        return content.read(most)


def files_below(ml: Path, folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every file below a folder, by its relative path; no links and no pipes.

    Raises OSError where the folder itself is a link, or lies behind one.
    """
    for name, about in _entries(ml, folder):
        if stat.S_ISREG(about.st_mode):
            yield name, about


def changed(ml: Path, folder: Path, known: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """The files below a folder that are not as `known`: time of change and size, by their relative path."""
    found = {name: (about.st_mtime_ns, about.st_size) for name, about in files_below(ml, folder)}
    return {name: state for name, state in found.items() if known.get(name) != state}


def packed(ml: Path, folder: Path) -> bytes | None:
    """A gzipped tar of what is in a folder, or None where there is nothing. Links are packed as links."""
    entries = list(_entries(ml, folder))
    if not entries:
        return None
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=6) as archive:
        for name, about in entries:
            _pack(archive, ml, folder / name, name, about)
    return buffer.getvalue()


def told_in(ml: Path, file: Path, most: int, errors: str = "strict") -> str:
    """What a program wrote into a file for SageMaker, in UTF-8; nothing where there is no such file.

    Of more than `most` bytes the first ones, without a character that they end within. Raises
    UnicodeDecodeError for what is not UTF-8, where `errors` is not `replace`.
    """
    try:
        content = read_file(ml, file, most + 1)
    except OSError:
        return ""
    return codecs.getincrementaldecoder("utf-8")(errors).decode(content[:most], final=len(content) <= most)


@contextmanager
def _opened(ml: Path, place: Path) -> Generator[int]:
    """A descriptor of a file or folder below `ml`."""
    descriptor = os.open(ml, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in place.relative_to(ml).parts:
            inner = _open_in(descriptor, part, place)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _open_in(folder: int, name: str, place: Path) -> int:
    try:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=folder)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise OSError(f"{place.name} is not read: {name} is a link, and may lead out of {ML}") from error


def _reader(descriptor: int, file: Path) -> io.BufferedReader:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(f"{file.name} is no file")
    return os.fdopen(descriptor, "rb", closefd=False)


def _entries(ml: Path, folder: Path, above: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """All that is below a folder, by its relative path, a folder before what is in it; none of none."""
    try:
        with _opened(ml, folder) as here:
            names = sorted(os.listdir(here))  # noqa: PTH208 - a path would be looked up anew
            found = [(name, about) for name in names if (about := _about(here, name))]
    except FileNotFoundError:
        return
    for name, about in found:
        yield above + name, about
        if stat.S_ISDIR(about.st_mode):
            yield from _entries(ml, folder / name, f"{above}{name}/")


def _about(folder: int, name: str) -> os.stat_result | None:
    """What an entry of a folder is, itself and not what it links to; None where it is gone meanwhile."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _pack(archive: tarfile.TarFile, ml: Path, place: Path, name: str, about: os.stat_result) -> None:
    """Add a folder, a file or a link; what is none of them stays out."""
    entry = tarfile.TarInfo(name)
    entry.mode, entry.mtime = stat.S_IMODE(about.st_mode), about.st_mtime
    if stat.S_ISREG(about.st_mode):
        with _opened(ml, place) as descriptor, _reader(descriptor, place) as content:
            entry.size = os.fstat(descriptor).st_size
            archive.addfile(entry, content)
    elif stat.S_ISDIR(about.st_mode):
        entry.type = tarfile.DIRTYPE
        archive.addfile(entry)
    elif stat.S_ISLNK(about.st_mode):
        with _opened(ml, place.parent) as folder:
            entry.type, entry.linkname = tarfile.SYMTYPE, os.readlink(place.name, dir_fd=folder)
        archive.addfile(entry)
