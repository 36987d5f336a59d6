"""MLflow's model registry: versions get the aliases and tags of what the stages serve. It decides nothing.

MLflow is loaded only where there is a registry: at MLFLOW_TRACKING_URI, or in the project's build folder,
where trainings without a server are recorded.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model.training.tracking.mlflow_store import SHA_TAG, Store, loaded, without_user
from release.domain.model_versions import Mark
from release.ports import Unreadable

_QUICK = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
"""A registry that is down keeps nobody waiting: the traffic has moved already."""


class ModelRegistry:
    """The registry that goes with a project."""

    def __init__(self, build: Path) -> None:
        self._build = build

    @property
    def exists(self) -> bool:
        """Whether there is one."""
        return self._store.exists

    @property
    def _store(self) -> Store:
        return Store(os.environ.get("MLFLOW_TRACKING_URI") or None, self._build)

    def mark(self, service: str, marks: Sequence[Mark]) -> tuple[str, ...]:
        """Give the versions of a service's model their marks; the SHA-256s of which it has no version.

        Raises Unreadable where it cannot be reached.
        """
        store = self._store
        try:
            client = loaded(_QUICK).MlflowClient(store.uri)
            return tuple(mark.sha256 for mark in marks if not _marked(client, service, mark))
        except Exception as error:  # MLflow, SQLAlchemy and requests each raise their own
            said = without_user((str(error).splitlines() or [""])[0], store.uri)
            raise Unreadable(f"{type(error).__name__}: {said}"[:300]) from error


def _marked(client: Any, service: str, mark: Mark) -> bool:
    found = client.search_model_versions(f"name = '{service}' and tag.`{SHA_TAG}` = '{mark.sha256}'")
    if not found:
        return False
    # Of trainings that came to the same bytes, the newest: their versions differ in nothing else.
    version = str(max(int(each.version) for each in found))
    for key, value in mark.tags.items():
        client.set_model_version_tag(service, version, key, value)
    for alias in mark.aliases:
        client.set_registered_model_alias(service, alias, version)
    return True
