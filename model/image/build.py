"""Builds the inference image: two layers on a base, and what the image says of itself.

The layer of the locked requirements changes rarely and is kept; a change of the code adds a layer of some
kilobytes to it. The digest depends on the inputs alone: requirements, code, target Python, base (and crane's
compression).
"""

import re
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from model.image.crane import PLATFORM, Crane
from model.image.dependencies import dependencies_key, write_dependencies
from model.image.errors import BaseImageError, ImageError
from model.image.layers import write_layer
from model.image.layout import Layout, docker_layout, keep, keep_folder, pull
from model.image.program import ENTRY_POINT, HOME, program_entries

SERVING = Path(__file__).parent.parent / "serving"
PYTHONS = ("3.11", "3.12", "3.13")
_BY_DIGEST = re.compile(r"[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]{64}")
_USER = "10001:10001"
_PORT = 8080
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
    PATH by default.
    """

    cache: Path
    base: str | None = None
    python: str = "3.11"
    crane: Path | None = None
    uv: Path | None = None
    serving: Path = SERVING
    docker_config: Path | None = None


@dataclass(frozen=True)
class BuiltImage(Layout):
    """An image on disk. `runtime` is what can run it: "process" without a base, else "container"."""

    runtime: Literal["process", "container"]
    python: str


def build_image(options: BuildOptions, progress: Progress = _silent) -> BuiltImage:
    """Builds the image; the same inputs give the same digest. `progress` gets a line for each step.

    Raises BaseImageError, DependencyError, ToolError, RegistryError; ImageError when the disk fails.
    """
    _check(options)
    crane = Crane(options.crane, options.docker_config)
    try:
        options.cache.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(options.cache)
        with tempfile.TemporaryDirectory(dir=options.cache, prefix=_WORK) as name:
            layout = _build(options, crane, Path(name), progress)
    except OSError as error:
        raise ImageError(
            f"The image cannot be built in {options.cache}: {error}.",
            "There is no new image.",
            "Free disk space, or check the folder's permissions, and run again.",
        ) from error
    progress(f"image {layout.digest} ({layout.size / 1e6:.1f} MB)")
    return BuiltImage(
        layout.path, layout.digest, layout.size, layout.layers, _runtime(options), options.python
    )


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
        _put_dependencies(options, crane, work, below, progress)
        progress("code")
        program, empty = work / "program.tar", work / "empty"
        empty.touch()
        write_layer(program_entries(options.serving, empty), program)
        above = f"{host}/slipway:program"
        crane.run("append", "--base", below, "--new_layer", program, "--new_tag", above)
        image = f"{host}/slipway:image"
        crane.run("mutate", above, *_description(options), "--tag", image)
        pull(crane, image, work / "image")
    built = docker_layout(work / "image")
    return keep(built, options.cache / "images" / built.digest.partition(":")[2])


def _put_dependencies(
    options: BuildOptions, crane: Crane, work: Path, reference: str, progress: Progress
) -> None:
    """Puts base and requirements into the registry as `reference`, from the cache where they are in it."""
    key = dependencies_key(options.serving / "requirements.txt", options.python, options.base)
    kept = options.cache / "dependencies" / key
    if kept.is_dir():
        progress("requirements (kept from an earlier build)")
        crane.run("push", kept, reference)
        return
    progress(f"requirements for Python {options.python}")
    tar = work / "dependencies.tar"
    write_dependencies(options.serving / "requirements.txt", options.python, options.uv, tar)
    base: list[str] = []
    if options.base is not None:
        below = _nearest(options.base, options.cache, crane, reference)
        base = ["--base", below, "--platform", PLATFORM]
    progress("compressing")
    crane.run("append", *base, "--new_layer", tar, "--new_tag", reference)
    pull(crane, reference, work / "dependencies")
    keep_folder(work / "dependencies", kept)


def _nearest(base: str, cache: Path, crane: Crane, reference: str) -> str:
    """`base`, or its copy beside `reference` where the cache has it: a digest is the same bytes anywhere."""
    name, _, digest = base.partition("@")
    kept = cache / "bases" / digest.partition(":")[2]
    if not kept.is_dir():
        return base
    repository = f"{reference.partition('/')[0]}/{name.rpartition('/')[2]}"
    crane.run("push", kept, f"{repository}@{digest}")
    return f"{repository}@{digest}"


def _description(options: BuildOptions) -> list[str]:
    """What the image says of itself, as arguments of crane mutate."""
    labels = {
        "slipway.runtime": _runtime(options),
        "slipway.python": options.python,
        # without it SageMaker does not tell the container its port where several share an instance
        "com.amazonaws.sagemaker.capabilities.accept-bind-to-port": "true",
    }
    if options.base is not None:
        labels["org.opencontainers.image.base.digest"] = options.base.partition("@")[2]
    # by name: the first line of a script would need an `env`, which a base without a shell has not
    arguments = ["--entrypoint", f"python3,/{HOME / ENTRY_POINT}", "--cmd", "serve", "--workdir", f"/{HOME}"]
    arguments += ["--user", _USER, "--set-platform", PLATFORM, "--exposed-ports", f"{_PORT}/tcp"]
    for name, value in sorted(labels.items()):
        arguments += ["--label", f"{name}={value}"]
    return [*arguments, "--env", "PYTHONDONTWRITEBYTECODE=1"]


def _runtime(options: BuildOptions) -> Literal["process", "container"]:
    return "process" if options.base is None else "container"
