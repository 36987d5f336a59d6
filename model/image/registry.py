"""Pushing a built image to a registry."""

from pathlib import Path

from model.image.crane import Crane
from model.image.errors import RegistryError
from model.image.layout import Layout


def push(image: Layout, target: str, docker_config: Path | None = None, crane: Path | None = None) -> str:
    """Copies `image` to `target` and returns `repository@digest`, which the registry has confirmed.

    `target` is a repository or a reference with a tag; `docker_config` a folder with a config.json of
    credentials. Pushing what is there already changes nothing. Raises RegistryError, ToolError.
    """
    program = Crane(crane, docker_config)
    repository = _repository(target)
    pinned = f"{repository}@{image.digest}"
    program.run("push", image.path, pinned if target == repository else target)
    found = program.run("digest", pinned).decode().strip()
    if found != image.digest:
        raise RegistryError(
            f"{pinned} was pushed, and the registry says that it is {found}.",
            "The image was not released.",
            "Look at the registry, or at what is between it and here, and run again.",
        )
    return pinned


def _repository(reference: str) -> str:
    """`reference` without its digest and its tag; a port is no tag."""
    name = reference.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name
