"""A run in MLflow: parameters, measures, drawings, the data's digest, files, and a registered version.

Without a tracking URI everything goes into `mlflow.db` and `mlruns/` of the build folder and needs no server.
An ARN of a tracking server of SageMaker's works as a URI too (the package `sagemaker-mlflow` is installed).
"""

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model import artifact
from model.training.tracking.mlflow_store import (
    PARENT_TAG,
    RUN_TAG,
    SHA_TAG,
    Store,
    loaded,
    without_user,
)
from model.training.tracking.run import Run, Sent
from model.training.tracking.trackers import NotTakenError

ALIAS = "candidate"
"""The newest version that passed its gates. What is live where is the stages' data, not MLflow's."""
_REQUIREMENTS = Path(__file__).parents[2] / "requirements.txt"
_SETTINGS = {
    # It would stand before the answer of a command that prints JSON.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # Its own defaults wait for minutes before they say that a server is down.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
_LONGEST = 400
"""Characters of what MLflow said: a server's page for people can be long."""


class MLflow:
    """MLflow at one tracking URI."""

    def __init__(self, tracking_uri: str | None, build: Path, trusted: Sequence[str] = ()) -> None:
        self._trusted = tuple(trusted)
        self._build = build.resolve()
        self._store = Store(tracking_uri, build)
        self._files = None if tracking_uri else (self._build / "mlruns").as_uri()

    @property
    def where(self) -> str:
        """The tracking URI."""
        return self._store.where

    @property
    def exists(self) -> bool:
        """Whether there may be something."""
        return self._store.exists

    def client(self) -> Any:
        """MLflow's own client, with its waits shortened and its log quiet."""
        mlflow = loaded(_SETTINGS)
        self._build.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(self._store.uri)
        return mlflow.MlflowClient()

    def send(self, run: Run) -> Sent:
        """Log `run`, register its model and, when it passed, give it the alias. Raises NotTakenError."""
        kept = _Kept()
        try:
            return self._send(run, kept)
        except NotTakenError as error:
            raise NotTakenError(str(error), kept.part) from None
        except Exception as error:  # MLflow, SQLAlchemy, requests and the file system each raise their own
            raise NotTakenError(self.why(error), kept.part) from error

    def why(self, error: Exception) -> str:
        """What MLflow said, without the password of the tracking URI, which it repeats."""
        return without_user(_why(error), self._store.uri)[:_LONGEST]

    def _send(self, run: Run, kept: "_Kept") -> Sent:
        client = self.client()
        import mlflow

        experiment = self._experiment(client, run.service)
        known = _known(client, experiment, run)
        # With its tag from the first moment, so that it is found again whenever this is killed.
        tags = {RUN_TAG: run.id, SHA_TAG: run.sha256, **run.tags}
        name = None if known else run.id
        with mlflow.start_run(known, experiment, run_name=name, tags=tags) as active:
            kept.run = active.info.run_id
            mlflow.log_params(dict(run.parameters))
            mlflow.log_metrics(dict(run.metrics))
            mlflow.log_input(_dataset(run), context="training")
            _log_files(run.files)
            registered = _registered(client, run, kept.run) or _register(client, run, kept.run, self._trusted)
        _send_trials(client, experiment, run, kept.run)
        if run.passed and _is_newest(client, run):
            client.set_registered_model_alias(run.service, ALIAS, registered)
        return Sent(kept.run, str(registered))

    def _experiment(self, client: Any, service: str) -> str:
        """The experiment's id. Its artifacts go below the build folder, or where the server decides."""
        found = client.get_experiment_by_name(service)
        if found and found.lifecycle_stage == "deleted":
            raise NotTakenError(
                f"its experiment {service} was deleted; bring it back: "
                f"mlflow experiments restore --experiment-id {found.experiment_id}"
            )
        if found:
            return found.experiment_id
        return client.create_experiment(service, artifact_location=self._files)


class _Kept:
    """How far sending has come."""

    run = ""

    @property
    def part(self) -> str:
        return f"run {self.run}, but not its model" if self.run else ""


def _known(client: Any, experiment: str, run: Run) -> str | None:
    """MLflow's id of the run where an earlier sending began it."""
    found = client.search_runs([experiment], f"tags.`{RUN_TAG}` = '{run.id}'", max_results=1)
    return found[0].info.run_id if found else None


def _send_trials(client: Any, experiment: str, run: Run, parent: str) -> None:
    """The trials of a run's search as runs below it, each once however often it is sent."""
    if not run.trials:
        return
    from mlflow.entities import Metric, Param

    below = client.search_runs([experiment], f"tags.`{PARENT_TAG}` = '{parent}'", max_results=10_000)
    known = {found.data.tags.get(RUN_TAG) for found in below}
    for trial in run.trials:
        name = f"{run.id}-trial-{trial['number'] + 1}"
        if name in known:
            continue
        # with its tag from the last moment on: one that was cut short is sent once more
        made = client.create_run(experiment, run_name=name, tags={PARENT_TAG: parent}).info.run_id
        now = int(time.time() * 1000)
        value = trial["value"]
        measured = [] if value is None else [Metric("validation", value, now, 0)]
        told = [Param(key, str(each)) for key, each in trial["parameters"].items()]
        client.log_batch(made, metrics=measured, params=told)
        client.set_tag(made, RUN_TAG, name)
        client.set_terminated(made, "FAILED" if value is None else "FINISHED")


def _is_newest(client: Any, run: Run) -> bool:
    """Whether no later training is the candidate already: what waited for long is not what came last."""
    aliases = client.get_registered_model(run.service).aliases
    if ALIAS not in aliases:
        return True
    held = client.get_model_version(run.service, aliases[ALIAS]).tags.get(RUN_TAG, "")
    return held <= run.id


def _registered(client: Any, run: Run, run_id: str) -> str | None:
    """The version that an earlier sending registered."""
    found = client.search_model_versions(f"name = '{run.service}' and run_id = '{run_id}'")
    return str(found[0].version) if found else None


def _register(client: Any, run: Run, run_id: str, trusted: tuple[str, ...]) -> str:
    import mlflow.models
    import mlflow.sklearn

    from model.training import skops_file  # scikit-learn, which a list of runs needs not

    files = run.model_files()
    pipeline = skops_file.load(files[artifact.SKOPS], trusted)
    example = _example(files)
    logged = mlflow.sklearn.log_model(
        pipeline,
        name="pipeline",
        serialization_format="skops",
        skops_trusted_types=[*skops_file.TRUSTED, *trusted],
        pip_requirements=_pinned(files),
        signature=mlflow.models.infer_signature(example, pipeline.predict(example)),
        input_example=example,
    )
    if not client.search_registered_models(f"name = '{run.service}'"):
        client.create_registered_model(run.service)
    # Through the client, because `registered_model_name` above talks to the terminal.
    version = client.create_model_version(
        run.service,
        logged.model_uri,
        run_id=run_id,
        model_id=logged.model_id,
        tags={SHA_TAG: run.sha256, RUN_TAG: run.id},
    )
    return str(version.version)


def _example(files: Mapping[str, bytes]) -> Any:
    """One row of the features' examples, in the types that the pipeline reads."""
    import pandas as pd

    features = json.loads(files[artifact.SCHEMA])["features"]
    row = pd.DataFrame([{feature["name"]: feature["example"] for feature in features}])
    return row.astype({f["name"]: "float32" for f in features if f["kind"] == "number"})


def _dataset(run: Run) -> Any:
    """The data by its version: which package or table, and the digest of what was read."""
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    name, _, digest = run.data_version.rpartition("-")
    source = CodeDatasetSource({"data_version": run.data_version})
    return MetaDataset(source, name=name or None, digest=digest)  # ty: ignore[abstract-class-instantiation]


def _log_files(files: Mapping[str, bytes]) -> None:
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        mlflow.log_artifacts(folder)


def _pinned(files: Mapping[str, bytes]) -> list[str]:
    """What loads the pipeline again. Given, because MLflow's own inference takes 4 to 17 s."""
    from model.training.boosters import LIBRARIES

    wanted = ("scikit-learn", "skops", "pandas")
    lines = _REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    used = json.loads(files[artifact.ABOUT])["libraries"]
    boosters = [f"{name}=={used[name]}" for name in LIBRARIES if name in used]
    return [line.strip() for line in lines if line.partition("==")[0] in wanted] + boosters


def _why(error: Exception) -> str:
    """What MLflow said, or where nobody answered the system's word for it: MLflow repeats a whole stack."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, ConnectionError | TimeoutError) and inner.strerror:
            return f"nobody answers there ({inner.strerror})"
        inner = inner.__cause__ or inner.__context__
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
