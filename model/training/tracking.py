"""The run in MLflow: parameters, measures, the artifact, and a registered version with an alias.

Without MLFLOW_TRACKING_URI everything goes into `mlflow.db` and `mlruns/` of the build folder and needs
no server. MLflow is a record here, never a source: nothing is loaded from it, and a release does not
depend on it.
"""

import logging
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from model.service.features import SERVICE
from model.training.errors import TrackingError
from model.training.skops_file import TRUSTED

ALIAS = "candidate"
"""The newest version that passed its gates. What is live where is the stages' data, not MLflow's."""
_REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
_FEW_RETRIES = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""MLflow's own defaults wait for minutes before they say that a server is down."""


@dataclass(frozen=True)
class Run:
    """What is recorded of one training."""

    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    pipeline: Pipeline
    files: Mapping[str, bytes]
    passed: bool


@dataclass(frozen=True)
class Tracked:
    """Where MLflow keeps the run."""

    run_id: str
    model_version: str


def record(run: Run, tracking_uri: str | None, build: Path) -> Tracked:
    """Log `run`, register its model and, when it passed, give it the alias. Raises TrackingError."""
    _settle()
    try:
        return _record(run, tracking_uri, build.resolve())
    except Exception as error:  # MLflow, SQLAlchemy, requests and the file system each raise their own
        where = tracking_uri or f"{build}/mlflow.db"
        why = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        raise TrackingError(
            _without_passwords(f"MLflow at {where} did not record the run: {why}"),
            "The model is trained, but nothing was written: its evidence could not say where it came from.",
            "Correct MLFLOW_TRACKING_URI, start its server or free some disk space, and run it again. "
            "Without that variable, a file in the build folder is used.",
        ) from error


def _record(run: Run, tracking_uri: str | None, build: Path) -> Tracked:
    import mlflow
    import mlflow.sklearn

    # After the import, which sets these levels itself.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    build.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(tracking_uri or f"sqlite:///{build / 'mlflow.db'}")
    client = mlflow.MlflowClient()
    with mlflow.start_run(experiment_id=_experiment(client, None if tracking_uri else build)) as active:
        mlflow.log_params(dict(run.parameters))
        mlflow.log_metrics(dict(run.metrics))
        mlflow.set_tags(dict(run.tags))
        _log_files(run.files)
        logged = mlflow.sklearn.log_model(
            run.pipeline,
            name="pipeline",
            serialization_format="skops",
            skops_trusted_types=TRUSTED,
            pip_requirements=_pinned(),
        )
    if not client.search_registered_models(f"name = '{SERVICE}'"):
        client.create_registered_model(SERVICE)
    # Through the client, because `registered_model_name` above talks to the terminal.
    registered = client.create_model_version(
        SERVICE, logged.model_uri, run_id=active.info.run_id, model_id=logged.model_id
    )
    if run.passed:
        client.set_registered_model_alias(SERVICE, ALIAS, registered.version)
    return Tracked(active.info.run_id, str(registered.version))


def _log_files(files: Mapping[str, bytes]) -> None:
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        mlflow.log_artifacts(folder)


def _experiment(client: Any, build: Path | None) -> str:
    """The experiment's id. Its artifacts go below `build`, or where the server decides when that is None."""
    found = client.get_experiment_by_name(SERVICE)
    if found:
        return found.experiment_id
    return client.create_experiment(SERVICE, artifact_location=(build / "mlruns").as_uri() if build else None)


def _pinned() -> list[str]:
    """What loads the pipeline again. Given, because MLflow's own inference takes 4 to 17 s."""
    wanted = ("scikit-learn", "skops", "pandas")
    lines = _REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.partition("==")[0] in wanted]


def _settle() -> None:
    """MLflow reads these when it is imported. What the environment already says wins."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    for name, value in _FEW_RETRIES.items():
        os.environ.setdefault(name, value)


def _without_passwords(text: str) -> str:
    """A tracking URI may hold a user and a password, and MLflow repeats it in its errors."""
    return re.sub(r"//[^/@\s]*@", "//", text)
