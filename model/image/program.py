"""The layer of the code: the serving package and its entry point, under /opt/program."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from model.image.errors import ImageError
from model.image.layers import Entry

HOME = PurePosixPath("opt/program")
ENTRY_POINT = "serve"
PACKAGE = HOME / "model" / "serving"


def program_entries(source: Path, empty: Path) -> Iterator[Entry]:
    """The entries of the serving package in the folder `source`.

    `empty` is an empty file: the `__init__.py` of the package above, whose real one is about training.
    Raises ImageError when there is no such package.
    """
    entry_point = source / ENTRY_POINT
    modules = sorted(source.rglob("*.py"))
    if not entry_point.is_file() or not modules:
        raise ImageError(
            f"{source} is not the serving package: it holds no {ENTRY_POINT} or no Python module.",
            "No image was built.",
            "Give the folder model/serving of this repository.",
        )
    yield Entry(entry_point, HOME / ENTRY_POINT, program=True)
    yield Entry(empty, PACKAGE.parent / "__init__.py")
    for module in modules:
        yield Entry(module, PACKAGE / module.relative_to(source).as_posix())
