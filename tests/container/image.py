"""The tiny image of the sandbox's tests, on a base, so that a container can run it."""

from collections.abc import Callable
from pathlib import Path

from model.image.layout import Layout
from model.image.registry import push
from sandbox.aws.ecr.authorization import docker_config
from tests.model.image.images import tool
from tests.sandbox.images import push_image

PROGRAM = "/usr/bin/python3,/opt/app/serve.py"


def push_on(base: Layout) -> Callable[[str, Path], str]:
    """A function that pushes the tiny image on `base` to a repository, and returns its digest."""

    def pushed(uri: str, folder: Path) -> str:
        (folder / "config.json").write_text(docker_config(uri.partition("/")[0]))
        reference = push(base, f"{uri}:base", docker_config=folder, crane=tool("crane"))
        return push_image(uri, folder, base=reference, entrypoint=PROGRAM)

    return pushed
