"""A project whose MLflow has many runs, with what a training of ours puts there."""

from pathlib import Path

from model.training.tracking.mlflow_store import RUN_TAG, SHA_TAG, Store, loaded

METRICS = {f"gate_{name}": 0.7 for name in ("auc", "auc_by_carrier", "calibration", "log_loss", "parity")}


def fill(project: Path, service: str, count: int) -> None:
    """Give the service's experiment `count` runs, in the database of the project's build folder."""
    mlflow = loaded({})
    from mlflow.entities import Metric, Param, RunTag

    build = project / ".build"
    build.mkdir(exist_ok=True)
    client = mlflow.MlflowClient(Store(None, build).uri)
    experiment = client.create_experiment(service, artifact_location=(build / "mlruns").as_uri())
    for number in range(count):
        tags = [
            RunTag(RUN_TAG, f"{number:032x}"),
            RunTag(SHA_TAG, f"{number:064x}"),
            RunTag("gates", "passed"),
        ]
        run = client.create_run(experiment).info.run_id
        metrics = [Metric(name, value + number / 10_000, 0, 0) for name, value in METRICS.items()]
        client.log_batch(run, metrics=metrics, params=[Param("depth", str(number % 9))], tags=tags)
        client.set_terminated(run)
