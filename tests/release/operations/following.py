"""Does what an error tells people to do: the commands that it names, run as they stand there."""

import importlib
import re
import shlex
from pathlib import Path

import pytest

from scripts.shared.cli import execute
from tests.fakes.world import FakeWorld

NAMED = re.compile(r"\./slipway ([a-z-]+(?: (?:--[a-z-]+|[a-z0-9][a-z0-9-]*|'[^']*'))*)")


def commands(error: BaseException | str) -> list[list[str]]:
    """The commands in an error's words, each as its arguments."""
    return [shlex.split(found) for found in NAMED.findall(str(error))]


class Follow:
    """Runs commands in a world of fakes, and says how they exit."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def __call__(self, world: FakeWorld, *argv: str) -> int:
        verb, *arguments = argv
        module = importlib.import_module(f"scripts.{verb}")
        self._patch.setattr(module, "connect", lambda tell, **options: world)
        return execute(module.COMMAND, arguments)

    def all_of(self, world: FakeWorld, error: BaseException) -> list[int]:
        """Exit codes of every command that the error names, in its order; it names at least one."""
        found = commands(error)
        assert found, f"no command in: {error}"
        return [self(world, *argv) for argv in found]


def trained(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder as training leaves it."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
