"""The folder of one run of a job: its /opt/ml, its HOME and its TMPDIR. Blocking."""

import io
import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from sandbox.jobs.running.failures import MOST_FAILURE
from sandbox.serving.runtimes.program import ML


def new_folder(parent: Path, name: str) -> Path:
    """A folder for one run, with what is in it; `remove_folder` takes it away."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
    for part in ("ml", "home", "tmp"):
        make_folder(folder / part)
    return folder


def remove_folder(folder: Path) -> None:
    """Take a folder away with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)


def make_folder(folder: Path) -> Path:
    """A folder that the user of any image may write to."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    return folder


def in_ml(ml: Path, place: str) -> Path:
    """Where a path of the container, below /opt/ml, lies on this machine. Raises ValueError for any other."""
    inside = PurePosixPath(place).relative_to(ML)
    if ".." in inside.parts:
        raise ValueError(place)
    return ml / inside


def write_files(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write files by their relative paths. Raises OSError for one that would lie elsewhere or on a folder."""
    for name, content in files:
        if ".." in PurePosixPath(name).parts:
            raise OSError(f"{name} lies outside of its folder")
        place = folder / name.lstrip("/")
        for parent in reversed(place.relative_to(folder).parents[:-1]):
            make_folder(folder / parent)
        place.write_bytes(content)
        place.chmod(0o666)


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder, by its relative path; no links, which would lead elsewhere here."""
    for place in sorted(folder.rglob("*")):
        if place.is_file() and not place.is_symlink():
            yield place.relative_to(folder).as_posix(), place


def packed(folder: Path) -> bytes | None:
    """A gzipped tar of what is in a folder, or None where there is nothing."""
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    if not entries:
        return None
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=6) as archive:
        for entry in entries:
            archive.add(entry, entry.name)
    return buffer.getvalue()


def changed(folder: Path, known: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """The files below a folder that are not as `known`: time of change and size, by their relative path."""
    found = {}
    for name, place in files_below(folder):
        try:
            about = place.stat()
        except FileNotFoundError:
            continue
        state = about.st_mtime_ns, about.st_size
        if known.get(name) != state:
            found[name] = state
    return found


def told_in(file: Path) -> bytes:
    """The first of what a program wrote into a file for SageMaker; nothing where there is no file."""
    try:
        with file.open("rb") as words:
            return words.read(MOST_FAILURE)
    except OSError:
        return b""
