"""The command that builds the image with a container engine instead of crane, from `model/Dockerfile`."""

import shlex
from collections.abc import Mapping
from typing import NamedTuple

from model.image.build import BuildOptions
from model.image.description import Origin, dockerfile_arguments
from model.image.errors import ImageError
from model.image.program import source_files
from model.image.revision import tree_id


class EngineCommand(NamedTuple):
    """The build arguments, and the whole command as a line for a shell."""

    arguments: Mapping[str, str]
    line: str


def engine_command(options: BuildOptions) -> EngineCommand:
    """The command for these options; a person fills in the builder. Raises ImageError without a base."""
    if options.base is None:
        raise ImageError(
            "There is no base: model/Dockerfile builds on one by digest.",
            "There is no command to print.",
            "Give --base REPOSITORY@sha256:…, or make one: ./slipway image base",
        )
    origin = Origin(tree_id(source_files(options.serving)), options.python, options.base, options.source)
    arguments = dockerfile_arguments(origin)
    command = ["podman", "build", "--file", "model/Dockerfile"]
    for name, value in arguments.items():
        command += ["--build-arg", f"{name}={value}"]
    command += ["--build-arg", "BUILDER=PYTHON_IMAGE_WITH_PIP@sha256:…", "."]
    return EngineCommand(arguments, shlex.join(command))
