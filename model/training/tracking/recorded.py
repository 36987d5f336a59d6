"""Runs that MLflow has, to be listed and compared. Reads only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from model.training.errors import TrackerError
from model.training.tracking.mlflow_store import PARENT_TAG, RUN_TAG, SHA_TAG
from model.training.tracking.to_mlflow import MLflow


@dataclass(frozen=True)
class Recorded:
    """One run as MLflow tells it."""

    id: str
    """Of the training; MLflow's own where it is none of ours."""
    run: str
    at: str
    """When it began, ISO 8601."""
    passed: bool
    sha256: str
    version: str
    """Of the registered model, or nothing."""
    aliases: tuple[str, ...]
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]


def recorded(tracker: MLflow, service: str, last: int) -> list[Recorded]:
    """The `last` runs of a service, newest first. Raises TrackerError where MLflow does not answer."""
    if not tracker.exists:
        return []
    try:
        return _recorded(tracker.client(), service, last)
    except Exception as error:  # MLflow, SQLAlchemy and requests each raise their own
        raise TrackerError(
            f"mlflow at {tracker.where} does not tell its runs: {tracker.why(error)}.",
            "Nothing was changed; what waits to be sent still waits.",
            "Correct MLFLOW_TRACKING_URI or start its server; without it .build/mlflow.db is asked.",
        ) from error


def _recorded(client: Any, service: str, last: int) -> list[Recorded]:
    experiment = client.get_experiment_by_name(service)
    if experiment is None:
        return []
    runs = list(islice(_trainings(client, experiment.experiment_id), last))
    versions, aliases = _versions(client, service)
    return [_one(run, versions.get(run.info.run_id, ""), aliases) for run in runs]


def _trainings(client: Any, experiment: str) -> Iterator[Any]:
    """The runs, newest first, without the trials below them."""
    token = None
    while True:
        page = client.search_runs([experiment], order_by=["start_time DESC"], page_token=token)
        yield from (run for run in page if PARENT_TAG not in run.data.tags)
        token = page.token
        if not token:
            return


def _versions(client: Any, service: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The version of each run, and the aliases of each version: a version that is found names none."""
    models = client.search_registered_models(f"name = '{service}'")
    aliases: dict[str, list[str]] = {}
    for alias, version in models[0].aliases.items() if models else ():
        aliases.setdefault(str(version), []).append(alias)
    found: dict[str, str] = {}
    token = None
    while models:
        page = client.search_model_versions(f"name = '{service}'", max_results=1000, page_token=token)
        found |= {version.run_id: str(version.version) for version in page}
        token = page.token
        if not token:
            break
    return found, aliases


def _one(run: Any, version: str, aliases: Mapping[str, list[str]]) -> Recorded:
    data = run.data
    return Recorded(
        id=data.tags.get(RUN_TAG, run.info.run_id),
        run=run.info.run_id,
        at=datetime.fromtimestamp(run.info.start_time / 1000, UTC).isoformat(timespec="seconds"),
        passed=data.tags.get("gates") == "passed",
        sha256=data.tags.get(SHA_TAG, ""),
        version=version,
        aliases=tuple(sorted(aliases.get(version, ()))),
        parameters=data.params,
        metrics=data.metrics,
    )
