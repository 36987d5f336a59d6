"""One training, from the source data to a evaluated, packaged and recorded model.

    data → split → fit → export → assess → package → evidence → record

This module only puts the steps in order and writes their results; each step is a module of its own. What is
written to the output folder, `evidence.json` last:

    model.tar.gz    what SageMaker serves
    golden.json     requests with the scores that they must get
    evidence.json   what is known of the model: checksums, origin, measures, gates
"""

import platform
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from model import artifact
from model.errors import OutputError
from model.files import write
from model.service.data import Data, load
from model.service.features import SERVICE, input_schema
from model.service.pipeline import parameters
from model.service.split import Split, split_months
from model.training import gates
from model.training.assessment import Assessment, Candidate, assess, fit
from model.training.bundle import Key, bundle, read_others
from model.training.champion import read_champion
from model.training.evaluation import metrics
from model.training.export import Scorer, pipeline_scores, to_onnx
from model.training.golden import golden
from model.training.options import TrainOptions
from model.training.package import package
from model.training.source import source
from model.training.tracking import sending
from model.training.tracking.outbox import Outbox
from model.training.tracking.run import MODEL, Run
from model.training.tracking.sending import Tracked

Progress = Callable[[str], None]
GOLDEN = "golden.json"
EVIDENCE = "evidence.json"


@dataclass(frozen=True)
class TrainResult:
    """A finished training: `passed` says whether every gate did; `evidence` is what `evidence.json` holds."""

    passed: bool
    gates: tuple[gates.Gate, ...]
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


def train(options: TrainOptions, progress: Progress = lambda text: None) -> TrainResult:
    """Train, evaluate, package and record one model; `progress` gets a line before each step.

    A model that fails a gate is written like any other, with the reason in its evidence. Raises a
    `model.errors.ModelError` for everything that a person has to put right first.
    """
    started = time.monotonic()
    champion = read_champion(options.champion) if options.champion else None
    others = read_others(options.others)
    split = split_months(options.months, champion.months if champion else None)
    progress("Loading the flights, their weather and their aircraft")
    data = load(options.build)
    # More threads are slower on busy cores, and the order of a parallel sum would show in the last bits.
    with threadpool_limits(1):
        progress(f"Fitting {options.model} on months {split.train} of 2013")
        pipeline = fit(options.model, data, split.train)
        graph = to_onnx(pipeline)
        candidate = Candidate(options.model, pipeline, Scorer(graph))
        versus = ", the yardstick and the champion" if champion else " and the yardstick"
        progress(f"Evaluating it{versus} on month {split.test}, which none of them has seen")
        assessment = assess(candidate, data, split, champion)
        progress("Packaging the graph, its schema and a reference sample")
        files = {
            MODEL: _packaged(package(candidate, graph, data, split), others),
            GOLDEN: artifact.as_json(
                golden(data.months(split.test), lambda rows: pipeline_scores(pipeline, rows))
            ),
        }
    compared = champion.sha256 if champion else None
    evidence = _evidence(files, split, data, assessment, compared)
    if others:
        evidence["source"]["other_models"] = _origin(others)
    written = {**files, EVIDENCE: artifact.as_json(evidence)}
    run = _run(options, split, data, candidate, assessment, written)
    outbox = sending.outbox(options.build)
    # Kept before it is written, so that a model which lies there has its record whatever happens next.
    lost = sending.keep(run, options.trackers, outbox)
    _write(options.out, written)
    tracked = Tracked(warnings=(lost,)) if lost else _tracked(run, options, outbox, progress)
    if there := tracked.sent.get("mlflow"):
        evidence["source"] |= {"mlflow_run": there.run, "mlflow_model_version": there.version}
        write(options.out / EVIDENCE, artifact.as_json(evidence))
    return TrainResult(
        passed=gates.passed(assessment.gates),
        gates=assessment.gates,
        evidence=evidence,
        out=options.out,
        seconds=time.monotonic() - started,
        warnings=tracked.warnings,
    )


def _packaged(alone: bytes, others: Mapping[Key, bytes]) -> bytes:
    """The artifact, with further models in it if there are any: evidence is of these bytes."""
    return bundle(alone, others) if others else alone


def _origin(others: Mapping[Key, bytes]) -> str:
    """Which artifacts the further models came from."""
    return ", ".join(f"{key} sha256:{artifact.sha256(content)}" for key, content in sorted(others.items()))


def _tracked(run: Run, options: TrainOptions, outbox: Outbox, progress: Progress) -> Tracked:
    if not options.trackers:
        return Tracked()
    progress(f"Recording the run in {' and '.join(options.trackers)}")
    to = sending.trackers(options.trackers, options.tracking_uri, options.build)
    return sending.send(run, to, outbox)


def _run(
    options: TrainOptions,
    split: Split,
    data: Data,
    candidate: Candidate,
    assessment: Assessment,
    files: Mapping[str, bytes],
) -> Run:
    passed, origin = gates.passed(assessment.gates), source()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return Run(
        id=f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{artifact.sha256(files[MODEL])[:8]}",
        service=SERVICE,
        parameters={
            **parameters(options.model),
            "train_months": str(split.train),
            "validation_month": split.validation,
            "test_month": split.test,
            "python": platform.python_version(),
        },
        metrics={
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_memory_mb": usage.ru_maxrss / 1000,
            **metrics("validation", assessment.validation),
            **metrics("test", assessment.test),
            **{f"gate_{gate.name}": gate.value for gate in assessment.gates if gate.value is not None},
        },
        tags={
            "gates": "passed" if passed else "failed",
            "failed_gates": ", ".join(gate.name for gate in assessment.gates if not gate.passed),
            "mlflow.source.git.commit": origin.git_commit or "unknown",
            "git_dirty": str(origin.git_dirty),
        },
        data_version=data.version,
        passed=passed,
        files=files,
    )


def _evidence(
    files: Mapping[str, bytes],
    split: Split,
    data: Data,
    assessment: Assessment,
    champion: str | None,
) -> dict[str, Any]:
    """What a release needs to know of the model; part of the release's manifest."""
    origin = source()
    gains = {"test_auc_over_yardstick": assessment.yardstick_gain, "parity": assessment.parity}
    if assessment.champion_gain is not None:
        gains["test_auc_over_champion"] = assessment.champion_gain
    months = {"train_first_month": split.train.first, "train_last_month": split.train.last}
    return {
        "model": {"sha256": artifact.sha256(files[MODEL]), "size": len(files[MODEL])},
        "golden_sha256": artifact.sha256(files[GOLDEN]),
        "input_schema": input_schema(),
        "source": {
            "data_version": data.version,
            "mlflow_run": None,
            "mlflow_model_version": None,
            "git_commit": origin.git_commit,
            "git_dirty": origin.git_dirty,
            "champion_sha256": champion,
        },
        "evaluation": {
            **months,
            "validation_month": split.validation,
            "test_month": split.test,
            **metrics("validation", assessment.validation),
            **metrics("test", assessment.test),
            **gains,
        },
        "gates": [asdict(gate) for gate in assessment.gates],
    }


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
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
            "It holds no complete model now, and a release would refuse it; what MLflow has stays there.",
            "Free some space, correct the folder's permissions or give another with --out, then train again.",
        ) from error
