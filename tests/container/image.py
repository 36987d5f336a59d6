"""The tiny image of the sandbox's tests, on a base, so that a container can run it."""

from collections.abc import Callable
from pathlib import Path

from model.image.layout import Layout
from model.image.registry import push
from sandbox.aws.ecr.authorization import docker_config
from tests.model.image.images import tool
from tests.sandbox.images import push_image, push_programs

PROGRAM = "/usr/bin/python3,/opt/app/serve.py"


def push_on(base: Layout) -> Callable[[str, Path], str]:
    """A function that pushes the tiny image on `base` to a repository, and returns its digest."""

    def pushed(uri: str, folder: Path) -> str:
        return push_image(uri, folder, base=_pushed_base(base, uri, folder), entrypoint=PROGRAM)

    return pushed


def push_programs_on(base: Layout) -> Callable[[str, Path, dict[str, str]], str]:
    """A function that pushes an image of programs on `base` to a repository, and returns its digest."""

    def pushed(uri: str, folder: Path, programs: dict[str, str]) -> str:
        reference = _pushed_base(base, uri, folder)
        return push_programs(uri, folder, programs, base=reference, interpreter="/usr/bin/python3")

    return pushed


def _pushed_base(base: Layout, uri: str, folder: Path) -> str:
    (folder / "config.json").write_text(docker_config(uri.partition("/")[0]))
    return push(base, f"{uri}:base", docker_config=folder, crane=tool("crane"))
