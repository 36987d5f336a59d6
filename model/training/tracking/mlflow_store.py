"""MLflow's store of a project: where it is, how MLflow is loaded, and what it may be heard to say.

Who records a training and who tells the registry what serves both ask here.
"""

import gc
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

RUN_TAG = "slipway.run"
PARENT_TAG = "mlflow.parentRunId"
"""MLflow's own, of a run that is shown below another one."""
SHA_TAG = "slipway.sha256"
"""Of a run and of a version: the SHA-256 of the model.tar.gz that it is."""


class Store:
    """The store at a tracking URI, or without one in the build folder, where it needs no server."""

    def __init__(self, tracking_uri: str | None, build: Path) -> None:
        self._file = None if tracking_uri else build.resolve() / "mlflow.db"
        self.uri = tracking_uri or f"sqlite:///{self._file}"

    @property
    def where(self) -> str:
        """The tracking URI, without a user and a password."""
        scheme, found, rest = self.uri.partition("://")
        return scheme + found + (rest if rest.startswith("/") else rest.rpartition("@")[2])

    @property
    def exists(self) -> bool:
        """Whether there may be something: a database of the project's own is made by its first run."""
        return self._file is None or self._file.exists()


def loaded(waits: Mapping[str, str]) -> ModuleType:
    """MLflow, quiet; it reads these variables as it is loaded, and what the environment already says wins.

    No garbage is collected meanwhile: looking through all that it makes would take a fifth of the time.
    """
    for name, value in {"MLFLOW_DISABLE_TELEMETRY": "true", **waits}.items():
        os.environ.setdefault(name, value)
    collecting = gc.isenabled()
    gc.disable()
    try:
        import mlflow  # seconds, and only here

        gc.freeze()
    finally:
        if collecting:
            gc.enable()
    for name in ("mlflow", "alembic"):  # it sets these levels itself
        logging.getLogger(name).setLevel(logging.ERROR)
    return mlflow


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
