"""The layer of the code: the serving package, its entry point and the SBOM, under /opt/program."""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from model.image.errors import ImageError
from model.image.layers import Entry
from model.image.revision import SourceFile

HOME = PurePosixPath("opt/program")
ENTRY_POINT = "serve"
PACKAGE = HOME / "model" / "serving"
SBOM = HOME / "sbom.cdx.json"
_REQUIREMENTS = ("requirements.in", "requirements.txt")
_DATA = frozenset({".css", ".html", ".js", ".json", ".svg"})
"""What the package may read beside its modules."""


def source_files(source: Path) -> list[SourceFile]:
    """The files of the serving package in the folder `source`, of the kinds that belong to it, read once.

    Raises ImageError when there is no such package, OSError.
    """
    found = [path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    wanted = [
        path
        for path in sorted(found)
        if path.suffix == ".py"
        or path.suffix in _DATA
        or (path.parent == source and path.name in (ENTRY_POINT, *_REQUIREMENTS))
    ]
    files = [
        SourceFile(path.relative_to(source).as_posix(), path.read_bytes(), path == source / ENTRY_POINT)
        for path in wanted
    ]
    if not any(file.program for file in files) or not any(file.path.endswith(".py") for file in files):
        raise ImageError(
            f"{source} is not the serving package: it holds no {ENTRY_POINT} or no Python module.",
            "No image was built.",
            "Give the folder model/serving of this repository.",
        )
    return files


def program_entries(files: Iterable[SourceFile], sbom: bytes) -> Iterator[Entry]:
    """The entries of the serving package's `files`, and of its `sbom`.

    The `__init__.py` of the package above is empty: the real one is about training.
    """
    yield Entry(b"", PACKAGE.parent / "__init__.py")
    yield Entry(sbom, SBOM)
    for file in files:
        if file.program:
            yield Entry(file.content, HOME / ENTRY_POINT, program=True)
        elif file.path not in _REQUIREMENTS:
            yield Entry(file.content, PACKAGE / file.path)
