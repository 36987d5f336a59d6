"""What the environment of CI says of the run that a command is part of. It proves nothing: it explains."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN")
"""The variables in which CI systems name who started a job."""


def actor() -> str:
    """Whom the environment of CI names as the one who started the job; empty elsewhere."""
    return next(filter(None, (os.environ.get(name, "") for name in _ACTORS)), "")


def identity() -> tuple[str, str] | None:
    """The name and the address under which whoever started a job commits; None elsewhere."""
    if name := os.environ.get("GITHUB_ACTOR"):
        return name, f"{name}@users.noreply.github.com"
    name, email = (os.environ.get(f"GITLAB_USER_{key}", "") for key in ("LOGIN", "EMAIL"))
    return (name, email) if name and email else None


def fork() -> str | None:
    """The fork that a run of GitHub Actions is of, or that its pull request comes from; None elsewhere."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return None
    event = _event()
    asked = event.get("pull_request") or {}
    repository = (asked.get("head") or {}).get("repo") or {} if asked else event.get("repository") or {}
    if not repository.get("fork"):
        return None
    base = os.environ.get("GITHUB_REPOSITORY", "")
    name = str(repository.get("full_name") or base)
    return name if not asked or name != base else None


def _event() -> Mapping[str, Any]:
    """What GitHub says of the event that started the run."""
    try:
        found = json.loads(Path(os.environ.get("GITHUB_EVENT_PATH", "")).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
