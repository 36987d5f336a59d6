"""MLflow's model registry: versions get the aliases and tags of what the stages serve. It decides nothing.

MLflow is loaded only where there is a registry: at MLFLOW_TRACKING_URI, or in the project's build folder,
where trainings without a server are recorded.
"""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from release.domain.model_versions import Mark
from release.ports import Unreadable

_SHA_TAG = "slipway.sha256"
_QUICK = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
"""A registry that is down keeps nobody waiting: the traffic has moved already."""


class ModelRegistry:
    """The registry that goes with a project."""

    def __init__(self, build: Path) -> None:
        self._own = build.resolve() / "mlflow.db"

    @property
    def exists(self) -> bool:
        """Whether there is one."""
        return bool(self._uri)

    @property
    def _uri(self) -> str:
        own = f"sqlite:///{self._own}" if self._own.exists() else ""
        return os.environ.get("MLFLOW_TRACKING_URI") or own

    def mark(self, service: str, marks: Sequence[Mark]) -> tuple[str, ...]:
        """Give the versions of a service's model their marks; the SHA-256s of which it has no version.

        Raises Unreadable where it cannot be reached.
        """
        for name, value in _QUICK.items():
            os.environ.setdefault(name, value)
        try:
            from mlflow.tracking import MlflowClient  # seconds of loading, and only here

            for name in ("mlflow", "alembic"):
                logging.getLogger(name).setLevel(logging.ERROR)
            client = MlflowClient(self._uri)
            return tuple(mark.sha256 for mark in marks if not _marked(client, service, mark))
        except Exception as error:  # MLflow, SQLAlchemy and requests each raise their own
            said = without_user((str(error).splitlines() or [""])[0], self._uri)
            raise Unreadable(f"{type(error).__name__}: {said}"[:300]) from error


def without_user(text: str, uri: str) -> str:
    """What was said of a URI, without the user and the password that stand in it.

    They end at its last @. Where they hold what should have been escaped, every library takes the URI apart
    somewhere else, and says the pieces: then nothing of it is told.
    """
    user = uri.partition("//")[2].rpartition("@")[0]
    if user.startswith("/"):  # a file's path
        return text
    if set(user) & set("@/?#"):
        return "what it said may hold a password; escape @, /, ? and # in its address (%40, %2F, %3F, %23)"
    password = user.partition(":")[2]
    for secret, instead in ((f"{user}@", ""), (password, "…"), (unquote(password), "…")):
        if secret.strip("@"):
            text = text.replace(secret, instead)
    return text


def _marked(client: Any, service: str, mark: Mark) -> bool:
    found = client.search_model_versions(f"name = '{service}' and tag.`{_SHA_TAG}` = '{mark.sha256}'")
    if not found:
        return False
    # Of trainings that came to the same bytes, the newest: their versions differ in nothing else.
    version = str(max(int(each.version) for each in found))
    for key, value in mark.tags.items():
        client.set_model_version_tag(service, version, key, value)
    for alias in mark.aliases:
        client.set_registered_model_alias(service, alias, version)
    return True
