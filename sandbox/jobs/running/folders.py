"""The folder of one run of a job: its /opt/ml, its HOME and its TMPDIR. Blocking."""

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

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
