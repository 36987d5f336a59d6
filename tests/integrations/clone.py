"""A project as an orchestrator's worker keeps it: a clone with a remote, and what is to be trained."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from demo.project import TIME_SCALE, guarded_project
from sandbox import testing
from tests.conftest import ROOT
from tests.end_to_end.world import World

GOOD, WORSE = "1-6", "7-10"
"""Months: the model of the first passes its gates, that of the others is refused."""


@contextmanager
def worker(folder: Path) -> Generator[World]:
    """A sandbox, and a clone as a worker, or a claim, keeps one, both in `folder`."""
    with testing.start(folder / "home", time_scale=TIME_SCALE) as sandbox:
        yield World(clone(folder), sandbox)


def clone(folder: Path) -> Path:
    """Make one in `folder`, with its remote beside it; returns it."""
    project, remote = guarded_project(folder / "project"), folder / "remote"
    (project / ".venv").symlink_to(ROOT / ".venv")
    (project / ".gitignore").write_text(".build\n")
    ask(project)
    for words in (
        ("init", "--quiet", "--bare", str(remote)),
        ("init", "--quiet", "."),
        ("config", "user.name", "worker"),
        ("config", "user.email", "worker@example.com"),
        ("add", "--all"),
        ("commit", "--quiet", "--message", "First"),
        ("remote", "add", "origin", str(remote)),
        ("push", "--quiet", "--set-upstream", "origin", "HEAD"),
    ):
        subprocess.run(("git", *words), cwd=project, check=True)
    return project


def ask(project: Path, months: str = GOOD) -> None:
    """Have `params.yaml` ask for a logistic model of these months."""
    asked = (
        f"service: {ROOT / 'model/service'}\nmodel: logistic\noptions: {{months: {months}}}\ntrackers: none\n"
    )
    (project / "params.yaml").write_text(asked)


def on_remote(project: Path, stage: str) -> str:
    """A stage's file as the remote has it."""
    command = ("git", "show", f"HEAD:Pulumi.{stage}.yaml")
    return subprocess.run(
        command, cwd=project.parent / "remote", capture_output=True, text=True, check=True
    ).stdout
