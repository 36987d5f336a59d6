"""Builds the training image: the inference image's base and requirements, those of training, and the code of
training and of one service.

What both images need in the same version is the same layer, so a registry with the inference image is sent
the rest alone; of all else training finds its own first. The digest depends on the inputs alone, as that of
the inference image does.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from model.image.build import BuildOptions, BuiltImage, Finish, Progress, built, put_dependencies, put_program
from model.image.crane import Crane
from model.image.dependencies import Where, dependencies_key, write_dependencies
from model.image.description import Program
from model.image.errors import ImageError
from model.image.layers import Entry
from model.image.layout import Layout, keep_folder, pull
from model.image.locked import PIN, check_lock, pins
from model.image.parts import Parts, read_parts, write_parts
from model.image.program import HOME, SBOM
from model.image.revision import SourceFile
from model.training_code import ENTRY_POINT, PACKAGE, code_files

TITLE = "slipway-training"
LOCK = PACKAGE / "training" / "requirements.txt"
"""The locked requirements."""
WHERE = Where(HOME / "training-dependencies", re.compile(r"(?:.+/)?tests/.+"))
_WHOLE = frozenset({"numpy"})
"""What the layer below has without a part that training loads."""
# SageMaker's folders below /opt/ml belong to root, and a training writes into them
USER = "0:0"
_SCRIPT = PurePosixPath("model", "training", "job", ENTRY_POINT)
_RESERVED = frozenset(
    {"dependencies", "model", WHERE.folder.name, "python-version", "sbom.cdx.json", ENTRY_POINT}
)


@dataclass(frozen=True)
class TrainingCode:
    """What is trained: the folder of one service, and where it lies in the image, below its program."""

    service: Path
    place: PurePosixPath
    """As its package is called: `model/service`, or a folder's own name."""


def build_training_image(options: BuildOptions, code: TrainingCode, progress: Progress) -> BuiltImage:
    """Builds the image; the same inputs give the same digest. Raises as `build_image`."""
    return built(options, lambda crane, work, tell: _build(options, code, crane, work, tell), progress)


def training_files(code: TrainingCode) -> list[SourceFile]:
    """The files of the code by their places below the image's program. Raises ImageError, OSError."""
    if code.place.as_posix() in _RESERVED:
        raise ImageError(
            f"A service's folder cannot be called {code.place}: the training image has that name.",
            "No image was built.",
            "Give the folder another name.",
        )
    return [
        SourceFile(place.as_posix(), path.read_bytes(), place == _SCRIPT)
        for place, path in code_files(code.service, code.place).items()
    ]


def _entries(files: Iterable[SourceFile], sbom: bytes) -> Iterator[Entry]:
    yield Entry(sbom, SBOM)
    for file in files:
        target = HOME / ENTRY_POINT if file.program else HOME / file.path
        yield Entry(file.content, target, program=file.program)


def _build(options: BuildOptions, code: TrainingCode, crane: Crane, work: Path, progress: Progress) -> Layout:
    storage = work / "registry"
    storage.mkdir()
    with crane.registry(storage) as host:
        below = f"{host}/slipway:training"
        parts = _put_requirements(options, crane, work, below, progress)
        progress("code")
        finish = Finish(below, parts, training_files(code), _entries, program(code.place))
        return put_program(options, crane, work, finish)


def program(service: PurePosixPath) -> Program:
    """What the image starts: the training of the service at that place."""
    environment: Mapping[str, str] = {
        # ONNX Runtime would report its use to its makers, from a thread of its own
        "ORT_DISABLE_TELEMETRY": "1",
        "SLIPWAY_SERVICE": service.as_posix(),
    }
    return Program(TITLE, ("python3", f"/{HOME / ENTRY_POINT}"), ENTRY_POINT, USER, environment)


def _put_requirements(
    options: BuildOptions, crane: Crane, work: Path, reference: str, progress: Progress
) -> Parts:
    """Puts base and both layers of requirements into the registry, from the cache where they are in it."""
    serving = options.serving / "requirements.txt"
    lock, wanted = LOCK.read_text(encoding="utf-8"), LOCK.with_suffix(".in")
    check_lock(wanted.read_text(encoding="utf-8"), lock, options.python)
    besides = besides_those_of(lock, serving.read_text(encoding="utf-8"))
    below = dependencies_key(serving, options.python, options.base)
    key = hashlib.sha256("\n".join((below, WHERE.folder.name, besides)).encode()).hexdigest()[:32]
    kept = options.cache / "dependencies" / key
    if kept.is_dir():
        progress("training requirements (kept from an earlier build)")
        crane.run("push", kept, reference)
        return read_parts(kept)
    shared = put_dependencies(options, crane, work, f"{reference}-serving", progress)
    progress(f"training requirements for Python {options.python}")
    listed, tar = work / "requirements.txt", work / "training.tar"
    listed.write_text(besides, encoding="utf-8")
    wheels = write_dependencies(listed, options.python, options.uv, tar, WHERE)
    progress("compressing")
    crane.run("append", "--base", f"{reference}-serving", "--new_layer", tar, "--new_tag", reference)
    pull(crane, reference, work / "training")
    found = Parts(tuple(sorted((*shared.wheels, *wheels), key=lambda w: w.name)), shared.base_packages)
    write_parts(found, work / "training")
    keep_folder(work / "training", kept)
    return found


def besides_those_of(lock: str, other: str) -> str:
    """A lock without the packages that the layer of another has whole, and in the same versions."""
    theirs = pins(other)
    kept: list[str] = []
    wanted = True
    for line in lock.splitlines(keepends=True):
        if found := PIN.match(line):
            name = found["name"].lower()
            wanted = theirs.get(name) != found["version"] or name in _WHOLE
        if wanted and not re.match(r"\s*#", line):
            kept.append(line)
    return "".join(kept)
