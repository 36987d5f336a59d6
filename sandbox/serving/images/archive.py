"""Unpacks archives that nobody vouches for into a folder; nothing of them gets outside it.

Image layers (with whiteouts) and model artifacts. Ownership, devices and set-id bits are dropped; links are
kept inside the folder, as a container's root would keep them. Only tar and gzip; zstd layers are refused.
"""

import os
import posixpath
import shutil
import tarfile
from pathlib import Path

MAX_BYTES = 20 << 30
"""Unpacked size at which an archive is taken for a bomb."""

MAX_MEMBERS = 1_000_000

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_MAX_LINKS = 40


class UnsafeArchive(Exception):
    """An archive that reaches out of its folder, or is too large. The message names the member."""


class Extraction:
    """Unpacks archives one over the other into `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._bytes = 0
        self._members = 0

    def add(self, archive: Path, *, whiteouts: bool) -> None:
        """Unpack `archive` (tar, or tar.gz) over what is there.

        With `whiteouts`, OCI whiteout files delete what earlier layers brought. Raises UnsafeArchive and
        tarfile.TarError.
        """
        fresh: set[Path] = set()
        with tarfile.open(archive, "r|*") as tar:
            for member in tar:
                self._count(member)
                name = posixpath.basename(member.name)
                if whiteouts and name.startswith(_WHITEOUT):
                    self._white_out(member.name, name, fresh)
                else:
                    fresh.add(self._write(tar, member))

    def _count(self, member: tarfile.TarInfo) -> None:
        self._members += 1
        self._bytes += member.size
        if self._bytes > MAX_BYTES or self._members > MAX_MEMBERS:
            raise UnsafeArchive(f"the archive unpacks to more than {MAX_BYTES >> 30} GiB or too many files")

    def _white_out(self, path: str, name: str, fresh: set[Path]) -> None:
        target = self._place(path)
        if name == _OPAQUE:
            for entry in target.parent.iterdir() if target.parent.is_dir() else ():
                _remove(entry, keep=fresh)
        else:
            _remove(target.with_name(name.removeprefix(_WHITEOUT)), keep=fresh)

    def _write(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> Path:
        target = self._place(member.name)
        if target == self._root:
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        if not (member.isdir() and target.is_dir() and not target.is_symlink()):
            _remove(target)
        if member.isdir():
            target.mkdir(exist_ok=True)
            target.chmod(member.mode & 0o777 | 0o700)
        elif member.issym():
            target.symlink_to(self._contained(target, member.linkname))
        elif member.islnk():
            os.link(self._place(member.linkname), target, follow_symlinks=False)
        elif member.isreg():
            self._write_file(tar, member, target)
        return target

    def _write_file(self, tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
        source = tar.extractfile(member)
        if source is None:
            raise UnsafeArchive(f"cannot read {member.name!r}")
        with target.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
        target.chmod(member.mode & 0o777 | 0o600)
        # Compiled Python files are valid only for the time stamp of their source.
        os.utime(target, (member.mtime, member.mtime))

    def _place(self, name: str) -> Path:
        """Where `name` lies under the root, links in its folders followed as if the root were `/`."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise UnsafeArchive(f"the member {name!r} points out of the archive")
        current, links = self._root, 0
        for index, part in enumerate(parts):
            current = current / part
            while index < len(parts) - 1 and current.is_symlink():
                links += 1
                if links > _MAX_LINKS:
                    raise UnsafeArchive(f"too many links on the way to {name!r}")
                current = self._root / self._normal(current, str(current.readlink()))
        return current

    def _normal(self, link: Path, destination: str) -> str:
        """A link's destination relative to the root; it cannot climb above the root."""
        folder = "/" + link.parent.relative_to(self._root).as_posix()
        return posixpath.normpath(posixpath.join(folder, destination)).lstrip("/") or "."

    def _contained(self, link: Path, destination: str) -> str:
        """The destination to write: untouched when it stays inside, else relative to the link."""
        folder = link.parent.relative_to(self._root).as_posix()
        climbed = posixpath.normpath(posixpath.join(folder, destination))
        if not destination.startswith("/") and not climbed.startswith(".."):
            return destination
        return posixpath.relpath(self._normal(link, destination), folder)


def _remove(path: Path, keep: set[Path] | None = None) -> None:
    if keep and any(path == kept or path in kept.parents for kept in keep):
        return
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
