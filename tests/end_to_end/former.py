"""The program from before there was one way to move traffic, taken from Git: today's reads what it left.

It named a third release, pinned no instance type, and moved traffic by `pulumi up`.
"""

import subprocess
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from demo.project import make_project
from model.image.extracting import extract
from tests.conftest import ROOT
from tests.end_to_end.world import Done, World

COMMIT = "aea8b11920ea4b379b9f27498ae8aa7651dc108a"
STAGES = ("dev", "staging", "prod")
ROOMS = ("infra", "release", "model", "scripts", "Pulumi.yaml", *(f"Pulumi.{stage}.yaml" for stage in STAGES))
"""What of it runs; the sandbox is today's."""


@dataclass(frozen=True)
class Former:
    """The earlier program, and the world in which it works."""

    folder: Path
    world: World

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start one of its commands in a process group of its own."""
        verb, *others = arguments
        python = ROOT / ".venv" / "bin" / "python"
        return subprocess.Popen(
            [str(python), "-m", f"scripts.{verb}", *others, "--json"],
            cwd=self.world.project,
            env=self.world.env | {"PYTHONPATH": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def slipway(self, *arguments: str) -> Done:
        """Run one of its commands, which has to succeed."""
        return self.world.ended(self.start(*arguments))

    def retire(self) -> None:
        """From now on the project runs today's program; the stages' files stay as they are."""
        today = make_project(self.folder / "today")
        (self.world.project / "Pulumi.yaml").write_bytes((today / "Pulumi.yaml").read_bytes())


def checked_out(folder: Path) -> Path:
    """The earlier program in `folder`; skips the test where this checkout does not have its history."""
    command = ["git", "-C", str(ROOT), "archive", COMMIT, *ROOMS]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no git on PATH")
    if done.returncode:
        pytest.skip(f"the history of this checkout does not have {COMMIT[:7]}")
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        extract(archive, folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / ".build").symlink_to(ROOT / ".build")
    return folder
