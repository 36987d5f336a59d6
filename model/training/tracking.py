"""The run in MLflow: parameters, measures, the artifact, and a registered version with an alias.

Without MLFLOW_TRACKING_URI everything goes into `mlflow.db` and `mlruns/` of the build folder and needs
no server. MLflow is a record here, never a source: nothing is loaded from it, and a release does not
depend on it. So a server that answers and refuses (an experiment that was deleted, a server that is older
than this client, no permission) costs the record, which is a warning, and not the training. One that cannot
be reached, and a file that cannot be written, are errors: most often a wrong address or a full disk.
"""

import logging
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from model.training.errors import TrackingError
from model.training.skops_file import TRUSTED

ALIAS = "candidate"
"""The newest version that passed its gates. What is live where is the stages' data, not MLflow's."""
_REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
_FEW_RETRIES = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""MLflow's own defaults wait for minutes before they say that a server is down."""
_HTTP_ERROR = re.compile(r"failed with error code \d{3} != \d{3}")
"""How MLflow's client tells of a server's answer that is no JSON, as that to a path it does not know."""
_LONGEST = 400
"""Characters of what MLflow said: a server's page for people can be long."""


@dataclass(frozen=True)
class Run:
    """What is recorded of one training."""

    service: str
    """Names the experiment and the registered model."""
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    pipeline: Pipeline
    trusted: Sequence[str]
    """Types in the pipeline that skops does not know."""
    files: Mapping[str, bytes]
    passed: bool


@dataclass(frozen=True)
class Tracked:
    """Where MLflow keeps the run."""

    run_id: str
    model_version: str
    warning: str = ""
    """What MLflow refused to record, and what to do; the two above are empty where they were not made."""


class _Refused(Exception):
    """MLflow is there, and does not take the run."""


def record(run: Run, tracking_uri: str | None, build: Path) -> Tracked:
    """Log `run`, register its model and, when it passed, give it the alias.

    What MLflow refuses is a warning of the result. Raises TrackingError where MLflow cannot be reached or not
    write.
    """
    _settle()
    where, kept = tracking_uri or f"{build}/mlflow.db", _Kept()
    try:
        _record(run, tracking_uri, build.resolve(), kept)
        return Tracked(kept.run_id, kept.model_version)
    except Exception as error:  # MLflow, SQLAlchemy, requests and the file system each raise their own
        why = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        if _is_refusal(error):
            what = f"run {kept.run_id}, but not its model" if kept.run_id else "nothing of the run"
            why = str(error) if isinstance(error, _Refused) else why
            warning = _without_passwords(f"MLflow at {where} recorded {what}: {why[:_LONGEST]}")
            return Tracked(kept.run_id, kept.model_version, warning)
        raise TrackingError(
            _without_passwords(f"MLflow at {where} did not record the run: {why}"),
            "The model is trained, but nothing was written: its evidence could not say where it came from.",
            "Correct MLFLOW_TRACKING_URI, start its server or free some disk space, and run it again. "
            "Without that variable, a file in the build folder is used.",
        ) from error


@dataclass
class _Kept:
    """How far recording has come."""

    run_id: str = ""
    model_version: str = ""


def _is_refusal(error: Exception) -> bool:
    """Whether MLflow answered: it is there, and says no to this run."""
    from mlflow.exceptions import MlflowException, RestException

    answered = isinstance(error, MlflowException) and _HTTP_ERROR.search(str(error)) is not None
    return answered or isinstance(error, RestException | _Refused)


def _record(run: Run, tracking_uri: str | None, build: Path, kept: _Kept) -> None:
    import mlflow
    import mlflow.sklearn

    # After the import, which sets these levels itself.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    build.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(tracking_uri or f"sqlite:///{build / 'mlflow.db'}")
    client = mlflow.MlflowClient()
    experiment = _experiment(client, run.service, None if tracking_uri else build)
    with mlflow.start_run(experiment_id=experiment) as active:
        kept.run_id = active.info.run_id
        mlflow.log_params(dict(run.parameters))
        mlflow.log_metrics(dict(run.metrics))
        mlflow.set_tags(dict(run.tags))
        _log_files(run.files)
        logged = mlflow.sklearn.log_model(
            run.pipeline,
            name="pipeline",
            serialization_format="skops",
            skops_trusted_types=[*TRUSTED, *run.trusted],
            pip_requirements=_pinned(),
        )
    if not client.search_registered_models(f"name = '{run.service}'"):
        client.create_registered_model(run.service)
    # Through the client, because `registered_model_name` above talks to the terminal.
    registered = client.create_model_version(
        run.service, logged.model_uri, run_id=kept.run_id, model_id=logged.model_id
    )
    kept.model_version = str(registered.version)
    if run.passed:
        client.set_registered_model_alias(run.service, ALIAS, registered.version)


def _log_files(files: Mapping[str, bytes]) -> None:
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        mlflow.log_artifacts(folder)


def _experiment(client: Any, service: str, build: Path | None) -> str:
    """The experiment's id. Its artifacts go below `build`, or where the server decides when that is None."""
    found = client.get_experiment_by_name(service)
    if found and found.lifecycle_stage == "deleted":
        raise _Refused(
            f"its experiment {service} was deleted. Bring it back before the next training: "
            f"mlflow experiments restore --experiment-id {found.experiment_id}"
        )
    if found:
        return found.experiment_id
    return client.create_experiment(service, artifact_location=(build / "mlruns").as_uri() if build else None)


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
