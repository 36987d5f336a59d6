"""Where the training code comes from: the Git commit, and whether the code differs from it. Reads only."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_INPUTS = ("model", "requirements.lock", "params.yaml")
"""What decides the model, DVC's too; a change elsewhere (a stage's pin, a text) leaves its origin clear."""


@dataclass(frozen=True)
class Source:
    """A commit, and whether what decides the model differs from it; both None outside a Git checkout.

    A service whose folder lies elsewhere is not in the commit, so the model differs from it.
    """

    git_commit: str | None
    git_dirty: bool | None


def source(service: Path, root: Path = _ROOT) -> Source:
    """The state of the checkout at `root` for a service whose code is in the file `service`."""
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return Source(None, None)
    changes = _git(root, "status", "--porcelain", "--", *_INPUTS)
    known = _git(root, "ls-files", "--error-unmatch", "--", str(service.resolve())) is not None
    own = _git(root, "status", "--porcelain", "--", str(service.resolve().parent)) if known else None
    return Source(commit, None if changes is None else bool(changes) or not known or bool(own))


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
