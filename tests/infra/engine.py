"""Pulumi's real engine, as somebody runs it in a folder. `env` leads to an AWS and to a place for state."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

LIMIT = 240.0


def pulumi(
    folder: Path, env: Mapping[str, str], stack: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a command on a stack to its end; stderr is in stdout, as a user sees them."""
    return subprocess.run(
        ["pulumi", *arguments, "--stack", stack, "--non-interactive", "--color", "never"],
        cwd=folder,
        env=os.environ | dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
        check=False,
    )


def make_stack(folder: Path, env: Mapping[str, str], stack: str) -> None:
    """An empty stack."""
    subprocess.run(["pulumi", "stack", "init", stack], cwd=folder, env=os.environ | dict(env), check=True)
