"""Builds the inference image: two layers on a base, and what the image says of itself.

The layer of the locked requirements changes rarely and is kept; a change of the code adds a layer of some
kilobytes to it. The digest depends on the inputs alone: requirements, code, target Python, base (and crane's
compression).
"""

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from model.image.base_packages import of_layers
from model.image.crane import PLATFORM, Crane
from model.image.dependencies import dependencies_key, write_dependencies
from model.image.description import SERVER, SOURCE, Origin, Program, Runtime, crane_arguments
from model.image.errors import BaseImageError, ImageError
from model.image.layers import Entry, write_layer
from model.image.layout import Layout, blob, docker_layout, keep, keep_folder, pull, read_layout
from model.image.locked import check_lock
from model.image.parts import Parts, read_parts, write_parts
from model.image.program import program_entries, source_files
from model.image.revision import SourceFile, tree_id
from model.image.sbom import Contents, render

SERVING = Path(__file__).parent.parent / "serving"
PYTHONS = ("3.11", "3.12", "3.13")
_BY_DIGEST = re.compile(r"[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]{64}")
_WORK = ".build-"
_LEFTOVER_SECONDS = 3600.0
Progress = Callable[[str], None]


def _silent(_line: str) -> None:
    """Says nothing."""


@dataclass(frozen=True)
class BuildOptions:
    """What to build, and with what.

    `base` is an image by digest, None for no base: then only a sandbox can run the image, with its own
    Python. `python` is the major.minor that runs the image. `cache` is a folder that builds may share.
    `docker_config` is the folder of the credentials for the base's registry. `crane` and `uv` are found on
    PATH by default. `source` is the URL of the repository, for a label.
    """

    cache: Path
    base: str | None = None
    python: str = "3.11"
    crane: Path | None = None
    uv: Path | None = None
    serving: Path = SERVING
    docker_config: Path | None = None
    source: str = SOURCE


@dataclass(frozen=True)
class BuiltImage(Layout):
    """An image on disk. `runtime` is what can run it: "process" without a base, else "container"."""

    runtime: Runtime
    python: str


Make = Callable[[Crane, Path, Progress], Layout]
"""Builds an image with crane in a work folder, and keeps it in the cache."""


def build_image(options: BuildOptions, progress: Progress = _silent) -> BuiltImage:
    """Builds the image; the same inputs give the same digest. `progress` gets a line for each step.

    Raises BaseImageError, DependencyError, ToolError, RegistryError; ImageError when the disk fails.
    """
    return built(options, lambda crane, work, tell: _build(options, crane, work, tell), progress)


def built(options: BuildOptions, make: Make, progress: Progress) -> BuiltImage:
    """What `make` builds in a work folder of the cache, which goes afterwards. Raises as `build_image`."""
    _check(options)
    crane = Crane(options.crane, options.docker_config)
    try:
        options.cache.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(options.cache)
        with tempfile.TemporaryDirectory(dir=options.cache, prefix=_WORK) as name:
            layout = make(crane, Path(name), progress)
    except OSError as error:
        raise ImageError(
            f"The image cannot be built in {options.cache}: {error}.",
            "There is no new image.",
            "Free disk space, or check the folder's permissions, and run again.",
        ) from error
    runtime = "process" if options.base is None else "container"
    progress(f"image {layout.digest} ({layout.size / 1e6:.1f} MB)")
    return BuiltImage(layout.path, layout.digest, layout.size, layout.layers, runtime, options.python)


def _remove_leftovers(cache: Path) -> None:
    """Deletes what builds left that were killed; a build takes seconds, not hours."""
    for folder in cache.glob(f"{_WORK}*"):
        if time.time() - folder.stat().st_mtime > _LEFTOVER_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _check(options: BuildOptions) -> None:
    if options.python not in PYTHONS:
        raise ImageError(
            f"There is no image for Python {options.python!r}.",
            "No image was built.",
            f"Use one of {', '.join(PYTHONS)}.",
        )
    if options.base is not None and not _BY_DIGEST.fullmatch(options.base):
        raise BaseImageError(
            f"The base image {options.base!r} is not named by digest.",
            "No image was built: what a tag names can change, and the image with it.",
            f"Ask for its digest with `crane digest {options.base}`, and name it as repository@sha256:….",
        )


def _build(options: BuildOptions, crane: Crane, work: Path, progress: Progress) -> Layout:
    storage = work / "registry"
    storage.mkdir()
    with crane.registry(storage) as host:
        below = f"{host}/slipway:dependencies"
        parts = put_dependencies(options, crane, work, below, progress)
        progress("code")
        files = source_files(options.serving)
        return put_program(options, crane, work, Finish(below, parts, files, program_entries, SERVER))


class Finish(NamedTuple):
    """What makes an image of its requirements."""

    below: str
    """The reference of what it is put on."""
    parts: Parts
    """What is in that."""
    files: Sequence[SourceFile]
    """Its code."""
    entries: Callable[[Sequence[SourceFile], bytes], Iterable[Entry]]
    """The entries of the code's layer, with the SBOM."""
    program: Program


def put_program(options: BuildOptions, crane: Crane, work: Path, finish: Finish) -> Layout:
    """Puts the layer of the code on the requirements and keeps the image. Raises RegistryError, OSError."""
    origin = Origin(tree_id(finish.files), options.python, options.base, options.source)
    parts, title = finish.parts, finish.program.title
    sbom = render(Contents(origin.revision, parts.wheels, origin.base, parts.base_packages, title))
    layer = work / "program.tar"
    write_layer(finish.entries(finish.files, sbom), layer)
    repository = finish.below.rpartition(":")[0]
    above, image = f"{repository}:program", f"{repository}:image"
    crane.run("append", "--base", finish.below, "--new_layer", layer, "--new_tag", above)
    crane.run("mutate", above, *crane_arguments(origin, PLATFORM, finish.program), "--tag", image)
    pull(crane, image, work / "image")
    made = docker_layout(work / "image")
    return keep(made, options.cache / "images" / made.digest.partition(":")[2])


def put_dependencies(
    options: BuildOptions, crane: Crane, work: Path, reference: str, progress: Progress
) -> Parts:
    """Puts base and requirements into the registry as `reference`, from the cache where they are in it."""
    lock = options.serving / "requirements.txt"
    key = dependencies_key(lock, options.python, options.base)
    wanted = options.serving / "requirements.in"
    if wanted.is_file():
        check_lock(wanted.read_text(encoding="utf-8"), lock.read_text(encoding="utf-8"), options.python)
    kept = options.cache / "dependencies" / key
    if kept.is_dir():
        progress("requirements (kept from an earlier build)")
        crane.run("push", kept, reference)
        return read_parts(kept)
    progress(f"requirements for Python {options.python}")
    tar = work / "dependencies.tar"
    wheels = write_dependencies(lock, options.python, options.uv, tar)
    base: list[str] = []
    if options.base is not None:
        below = _nearest(options.base, options.cache, crane, reference)
        base = ["--base", below, "--platform", PLATFORM]
    progress("compressing")
    crane.run("append", *base, "--new_layer", tar, "--new_tag", reference)
    pull(crane, reference, work / "dependencies")
    layout = read_layout(work / "dependencies")
    below_ours = [blob(layout.path, layer.digest) for layer in layout.layers[:-1]]
    parts = Parts(wheels, of_layers(below_ours))
    write_parts(parts, layout.path)
    keep_folder(layout.path, kept)
    return parts


def _nearest(base: str, cache: Path, crane: Crane, reference: str) -> str:
    """`base`, or its copy beside `reference` where the cache has it: a digest is the same bytes anywhere."""
    name, _, digest = base.partition("@")
    kept = cache / "bases" / digest.partition(":")[2]
    if not kept.is_dir():
        return base
    repository = f"{reference.partition('/')[0]}/{name.rpartition('/')[2]}"
    crane.run("push", kept, f"{repository}@{digest}")
    return f"{repository}@{digest}"
