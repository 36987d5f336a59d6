"""A stage's file as a revision of Git has it. Nothing is checked out."""

from pathlib import Path
from typing import Any

from release.adapters import git, stage_file
from release.domain.errors import UsageError


def config_at(project: Path, revision: str, stage: str) -> dict[str, Any] | None:
    """The `config` mapping of a stage's file in `revision`, None where that has no such file.

    Raises UsageError for a revision that there is not, and for a file that cannot be read.
    """
    if (
        _git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        is None
    ):
        raise UsageError(
            f"Git knows no revision {revision!r} in {project}.",
            "There is nothing to compare the pins with, so nothing was compared.",
            "Fetch it first (in CI: check out with its history), or name another: --base origin/main",
        )
    name = f"Pulumi.{stage}.yaml"
    text = _git(project, "show", f"{revision}:./{name}")
    return None if text is None else stage_file.config_of(text, f"{name} of {revision}")


def _git(project: Path, *arguments: str) -> str | None:
    """What git says, None where it does not have what it was asked for."""
    try:
        done = git.run(project, *arguments)
    except FileNotFoundError:
        raise UsageError("git is not on PATH.", "No revision could be read.", "Install git.") from None
    return done.stdout if done.returncode == 0 else None
