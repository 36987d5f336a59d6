"""The end of a training: an evaluated model becomes files, and a record of them.

    package → evidence → record → write

What is written to the output folder, `evidence.json` last:

    model.tar.gz    what SageMaker serves
    golden.json     requests with the scores that they must get
    data.parquet    the data that it was trained on and measured with
    evidence.json   what is known of the model: checksums, origin, data, measures, gates
"""

import inspect
import platform
import resource
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from model import artifact
from model.contract import Service, Split
from model.errors import OutputError
from model.files import write
from model.training import data_file, gates
from model.training.assessment import Candidate
from model.training.bundle import Key, bundle
from model.training.card import card
from model.training.data_file import DataFile
from model.training.drawings import drawings
from model.training.evaluated import Evaluated
from model.training.export import pipeline_scores
from model.training.golden import golden
from model.training.kinds.gate import Gate
from model.training.options import TrainOptions
from model.training.package import Exported, package
from model.training.search import Trial
from model.training.source import Source, source
from model.training.tracking import sending
from model.training.tracking.outbox import Outbox
from model.training.tracking.run import MODEL, Run
from model.training.tracking.sending import Tracked

Progress = Callable[[str], None]
GOLDEN = "golden.json"
EVIDENCE = "evidence.json"


@dataclass(frozen=True)
class Trained:
    """A model that is fitted and evaluated, with all that it came from."""

    service: Service
    split: Split
    data: DataFile
    candidate: Candidate
    exported: Exported
    evaluated: Evaluated
    trials: tuple[Trial, ...] = ()
    """Of the search that found its parameters."""


@dataclass(frozen=True)
class TrainResult:
    """A finished training: `passed` says whether every gate did; `evidence` is what `evidence.json` holds."""

    passed: bool
    gates: tuple[Gate, ...]
    evidence: Mapping[str, Any]
    out: Path
    seconds: float
    warnings: tuple[str, ...] = ()
    """What a person should know; the result is complete without it."""

    @property
    def failed(self) -> list[str]:
        """The names of the gates that it fails."""
        return [gate.name for gate in self.gates if not gate.passed]

    def summary(self) -> dict[str, Any]:
        """As JSON."""
        seconds = round(self.seconds, 1)
        told = {"warnings": list(self.warnings)} if self.warnings else {}
        return {"passed": self.passed, "out": str(self.out), "seconds": seconds, **told, **self.evidence}


@dataclass(frozen=True)
class Finished:
    """A model with all that is told of it, before anything of it is written."""

    files: Mapping[str, bytes]
    """What is written beside the data, the evidence last."""
    evidence: dict[str, Any]
    run: Run
    """What trackers are given: the same files, and drawings."""


def finish(
    trained: Trained, options: TrainOptions, others: Mapping[Key, bytes], progress: Progress
) -> tuple[Finished, list[str]]:
    """Package, write and record; the finished model, and what a person should know.

    Raises a `model.errors.ModelError` for a model that cannot be packaged or written.
    """
    finished = complete(trained, others, progress, drawn=bool(options.trackers))
    return finished, deliver(finished, trained.data, trained.service, options, progress)


def complete(
    trained: Trained, others: Mapping[Key, bytes], progress: Progress, drawn: bool = True
) -> Finished:
    """The model packaged, with its evidence and the record of its run; `drawn`: with its drawings.

    Raises a `model.errors.ModelError` for a model that cannot be packaged.
    """
    progress("Packaging the graph, its schema and a reference sample")
    files = packaged(trained, others)
    origin = source(Path(inspect.getfile(type(trained.service))))
    evidence = _evidence(trained, origin, files)
    if others:
        evidence["source"]["other_models"] = _origin(others)
    if trained.trials:
        evidence["source"]["trials"] = len(trained.trials)
    recorded = {**files, EVIDENCE: artifact.as_json(evidence)}
    run = _run(trained, origin, {**recorded, **(_drawn(trained) if drawn else {})})
    return Finished(recorded, evidence, run)


def deliver(
    finished: Finished, data: DataFile, service: Service, options: TrainOptions, progress: Progress
) -> list[str]:
    """Write and record a finished model; what a person should know. Its evidence then names MLflow's run.

    Raises OutputError where it cannot be written.
    """
    run, outbox = finished.run, sending.outbox(options.build)
    # Kept before it is written, so that a model which lies there has its record whatever happens next.
    lost = sending.keep(run, options.trackers, outbox)
    try:
        leave(options.out, {data_file.NAME: data.content, **finished.files})
    except OutputError:
        outbox.forget(run)
        raise
    tracked = Tracked(warnings=(lost,)) if lost else _tracked(run, service, options, outbox, progress)
    return [*tracked.warnings, *_say_where(tracked, finished.evidence, options.out)]


def result(finished: Finished, out: Path, seconds: float, warnings: Sequence[str]) -> TrainResult:
    """What a finished model came to."""
    gates = tuple(Gate(**gate) for gate in finished.evidence["gates"])
    passed, evidence = finished.run.passed, finished.evidence
    return TrainResult(passed, gates, evidence, out, seconds, tuple(warnings))


def packaged(trained: Trained, others: Mapping[Key, bytes]) -> dict[str, bytes]:
    """The artifact, with further models in it if there are any, and its golden requests."""
    service, candidate = trained.service, trained.candidate
    alone = package(service, candidate, trained.exported, trained.data, trained.split)
    requests = service.golden_rows(trained.split.test.select(trained.data.table))
    asked = golden(service, requests, lambda rows: pipeline_scores(service, candidate.pipeline, rows))
    return {MODEL: bundle(alone, others) if others else alone, GOLDEN: artifact.as_json(asked)}


def _origin(others: Mapping[Key, bytes]) -> str:
    """Which artifacts the further models came from."""
    return ", ".join(f"{key} sha256:{artifact.sha256(content)}" for key, content in sorted(others.items()))


def _drawn(trained: Trained) -> dict[str, bytes]:
    """The drawings of a record. One that cannot be made costs itself alone."""
    test = trained.split.test.select(trained.data.table)
    labels = trained.service.labels(test)
    try:
        return drawings(trained.service, labels, trained.candidate.scorer.score(test))
    except Exception:  # of the library that draws
        return {}


def _say_where(tracked: Tracked, evidence: dict[str, Any], out: Path) -> list[str]:
    """Have the evidence name MLflow's run and version; a warning where it cannot be written again."""
    there = tracked.sent.get("mlflow")
    if there is None:
        return []
    evidence["source"] |= {"mlflow_run": there.run, "mlflow_model_version": there.version}
    try:
        write(out / EVIDENCE, artifact.as_json(evidence))
    except OSError as error:
        return [f"{out / EVIDENCE} does not name MLflow's run {there.run}: {error}. It is complete without."]
    return []


def _tracked(
    run: Run, service: Service, options: TrainOptions, outbox: Outbox, progress: Progress
) -> Tracked:
    if not options.trackers:
        return Tracked()
    progress(f"Recording the run in {' and '.join(options.trackers)}")
    to = sending.trackers(options.trackers, options.tracking_uri, options.build, service.trusted)
    return sending.send(run, to, outbox)


def told_of(origin: Source) -> dict[str, str]:
    """What the record of a run is tagged with of the code that it came from."""
    return {"mlflow.source.git.commit": origin.git_commit or "unknown", "git_dirty": str(origin.git_dirty)}


def _run(trained: Trained, origin: Source, files: Mapping[str, bytes]) -> Run:
    found, candidate, split = trained.evaluated, trained.candidate, trained.split
    passed = gates.passed(found.gates)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return Run(
        id=f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{artifact.sha256(files[MODEL])[:8]}",
        service=trained.service.name,
        parameters={
            "model": candidate.model,
            **parameters(candidate.pipeline),
            **split.about,
            **split.facts,
            "python": platform.python_version(),
        },
        metrics={
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_memory_mb": usage.ru_maxrss / 1000,
            **found.measured,
            **{f"gate_{gate.name}": gate.value for gate in found.gates if gate.value is not None},
        },
        tags={
            "gates": "passed" if passed else "failed",
            "failed_gates": ", ".join(gate.name for gate in found.gates if not gate.passed),
            **told_of(origin),
        },
        data_version=trained.data.version,
        passed=passed,
        files=files,
        trials=tuple(asdict(trial) for trial in trained.trials),
    )


def parameters(pipeline: Pipeline) -> dict[str, Any]:
    """The plain parameters of the pipeline's last step, which tell one training from another."""
    found = pipeline[-1].get_params()
    plain = {name: value for name, value in found.items() if isinstance(value, bool | int | float | str)}
    # XGBoost's `missing` is NaN, which no JSON holds
    return {name: repr(value) if value != value else value for name, value in plain.items()}


def _evidence(trained: Trained, origin: Source, files: Mapping[str, bytes]) -> dict[str, Any]:
    """What a release needs to know of the model; part of the release's manifest."""
    data, found = trained.data, trained.evaluated
    return {
        "model": {"sha256": artifact.sha256(files[MODEL]), "size": len(files[MODEL])},
        "golden_sha256": artifact.sha256(files[GOLDEN]),
        "input_schema": trained.service.input_schema(),
        "source": {
            "data_version": data.version,
            "data_sha256": data.sha256,
            "data_md5": data.md5,
            "data_size": len(data.content),
            "mlflow_run": None,
            "mlflow_model_version": None,
            "git_commit": origin.git_commit,
            "git_dirty": origin.git_dirty,
            "champion_sha256": found.champion,
        },
        "evaluation": {**trained.split.facts, **found.measured, **found.compared},
        "gates": [asdict(gate) for gate in found.gates],
        "card": card(trained.service, trained.data, trained.split, found.told, files[MODEL]),
    }


def leave(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` into `folder`, in order, the last one when all others are there. Raises OutputError.

    What is there of another model loses its evidence first, so that it never speaks of the wrong bytes.
    """
    try:
        (folder / EVIDENCE).unlink(missing_ok=True)
        for name, content in files.items():
            write(folder / name, content)
    except OSError as error:
        raise OutputError(
            f"The model could not be written to {folder}: {error}",
            "It holds no complete model now, and a release would refuse it.",
            "Free some space, correct the folder's permissions or give another with --out, then train again.",
        ) from error
