"""Builds the image of the judge's web service: base, its own locked requirements, and the code that it runs.

The code is read as files, and nothing of it is imported: this package knows no release. The digest depends on
the inputs alone, as that of the inference image does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from model.image.build import BuildOptions, BuiltImage, Finish, Progress, built, put_dependencies, put_program
from model.image.crane import Crane
from model.image.description import USER, Program
from model.image.errors import ImageError
from model.image.layers import Entry
from model.image.layout import Layout
from model.image.program import HOME, SBOM
from model.image.revision import SourceFile

ROOT = Path(__file__).resolve().parents[2]
SERVICE = Path("integrations", "judge_service")
PACKAGES = (Path("release", "domain"), Path("release", "judge"), SERVICE)
"""What the service imports of this repository; `__init__.py` of the folders above come with them."""
ENTRY_POINT = "judge"
PORT = 8095
JUDGE = Program(
    "slipway-judge",
    ("python3", f"/{HOME / ENTRY_POINT}"),
    "--folder=/evidence,--host=0.0.0.0",
    USER,
    {"PYTHONDONTWRITEBYTECODE": "1"},
    PORT,
)


def build_judge_image(options: BuildOptions, progress: Progress, root: Path = ROOT) -> BuiltImage:
    """Builds the image of the checkout `root`, from its files alone. Raises as `build_image`."""
    ours = replace(options, serving=root / SERVICE)
    return built(ours, lambda crane, work, tell: _build(ours, root, crane, work, tell), progress)


def judge_files(root: Path) -> list[SourceFile]:
    """The files of the code, by their places below the image's program. Raises ImageError, OSError."""
    paths = {path for package in PACKAGES for path in (root / package).rglob("*.py")}
    paths |= {root / package.parts[0] / "__init__.py" for package in PACKAGES}
    program = root / SERVICE / ENTRY_POINT
    if not program.is_file():
        raise ImageError(
            f"{root} is no checkout of this repository: it has no {SERVICE / ENTRY_POINT}.",
            "No image was built.",
            "Run it in the repository.",
        )
    files = [SourceFile(path.relative_to(root).as_posix(), path.read_bytes()) for path in sorted(paths)]
    return [*files, SourceFile(ENTRY_POINT, program.read_bytes(), program=True)]


def _entries(files: Iterable[SourceFile], sbom: bytes) -> Iterator[Entry]:
    yield Entry(sbom, SBOM)
    for file in files:
        yield Entry(file.content, HOME / file.path, program=file.program)


def _build(options: BuildOptions, root: Path, crane: Crane, work: Path, progress: Progress) -> Layout:
    storage = work / "registry"
    storage.mkdir()
    with crane.registry(storage) as host:
        below = f"{host}/slipway:judge"
        parts = put_dependencies(options, crane, work, below, progress)
        progress("code")
        return put_program(options, crane, work, Finish(below, parts, judge_files(root), _entries, JUDGE))
