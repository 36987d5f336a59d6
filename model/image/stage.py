"""The builder stage of `model/Dockerfile`: the same files as crane's build puts into its layers, as folders.

Run as `python3 -m model.image.stage` with the build arguments in the environment (see `main`). It needs uv on
PATH and cyclonedx-python-lib, locked in `model/image/requirements.txt`. It builds no image.
"""

import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from model.errors import ModelError
from model.image.base_packages import of_folder
from model.image.dependencies import dependency_entries, install
from model.image.errors import ImageError
from model.image.layers import Entry, Folder, Link
from model.image.program import program_entries, source_files
from model.image.revision import tree_id
from model.image.sbom import Contents, render

_FOLDER_MODE = 0o755
_FILE_MODE = 0o644


def write_folder(entries: Iterable[Entry], folder: Path) -> None:
    """Writes `entries` below `folder` with the modes that they have in a layer. Raises OSError."""
    for entry in entries:
        path = folder / entry.target
        path.parent.mkdir(parents=True, exist_ok=True)
        match entry.source:
            case Folder(mode):
                path.mkdir(exist_ok=True)
                path.chmod(mode)
            case Link(to):
                path.symlink_to(to)
            case bytes(content):
                _write(path, content, entry.program)
            case source:
                _write(path, source.read_bytes(), entry.program)
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(_FOLDER_MODE)
            os.utime(path, (0, 0))


def _write(path: Path, content: bytes, program: bool) -> None:
    path.write_bytes(content)
    path.chmod(_FOLDER_MODE if program else _FILE_MODE)
    os.utime(path, (0, 0))


def stage(arguments: Mapping[str, str], source: Path, base: Path, out: Path) -> None:
    """Writes `dependencies/` and `program/` below `out`, each as a root file system.

    `source` is the serving package and `base` what the base keeps of its packages. Raises ImageError where a
    build argument is missing, or does not fit `source`.
    """
    wanted = ("BASE_NAME", "BASE_DIGEST", "PYTHON", "REVISION")
    missing = [name for name in wanted if not arguments.get(name)]
    files = source_files(source)
    revision = tree_id(files)
    if missing or arguments["REVISION"] != revision:
        raise ImageError(
            f"The build argument {', '.join(missing)} is missing."
            if missing
            else f"REVISION is {arguments['REVISION']}, and the code here has {revision}.",
            "No image was built: it would not say what it was made of.",
            "Ask for the arguments with ./slipway image dockerfile --base REPOSITORY@sha256:…",
        )
    out.mkdir(parents=True, exist_ok=True)
    python = arguments["PYTHON"]
    with tempfile.TemporaryDirectory(dir=out) as name:
        installed = Path(name) / "installed"
        wheels = install(source / "requirements.txt", python, None, installed)
        write_folder(dependency_entries(installed, python), out / "dependencies")
    reference = f"{arguments['BASE_NAME']}@{arguments['BASE_DIGEST']}"
    sbom = render(Contents(revision, wheels, reference, of_folder(base)))
    write_folder(program_entries(files, sbom), out / "program")


def main() -> int:
    """Reads BASE_NAME, BASE_DIGEST, PYTHON and REVISION; the folders are those of the Dockerfile."""
    try:
        stage(os.environ, Path("model/serving"), Path("/base"), Path("/out"))
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
