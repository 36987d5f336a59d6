"""The files of code that decide what a training makes: those of this package, and those of one service.

The training image holds exactly these, and a training that is gone on with has to have been begun by the
same ones.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PACKAGE = Path(__file__).parent
ENTRY_POINT = "train"
_LEFT_OUT = frozenset({"image", "service", "services", "serving"})
"""Folders of the package that no training reads; the one service comes by itself."""
_KINDS = frozenset({".json", ".py", ".toml", ".txt", ".yaml"})
"""What code may read beside its modules. Rows come through a channel, never by the image."""


def code_files(service: Path, place: PurePosixPath, package: Path = PACKAGE) -> dict[PurePosixPath, Path]:
    """The files by where they lie below a program; the service's folder lies at `place`. Raises OSError."""
    ours = [path for path in _found(package) if path.relative_to(package).parts[0] not in _LEFT_OUT]
    files = {PurePosixPath("model", *path.relative_to(package).parts): path for path in ours}
    files |= {place / PurePosixPath(path.relative_to(service)): path for path in _found(service)}
    return dict(sorted(files.items()))


def _found(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        wanted = path.suffix in _KINDS or path.name == ENTRY_POINT
        if (
            wanted
            and path.is_file()
            and not path.name.startswith("requirements")
            and "__pycache__" not in path.parts
        ):
            yield path
