"""One training, from the service's data to an evaluated, packaged and recorded model.

    split → data → fit → export → assess → package → evidence → record

This module only puts the steps in order and writes their results; each step is a module of its own. What is
written to the output folder, `evidence.json` last:

    model.tar.gz    what SageMaker serves
    golden.json     requests with the scores that they must get
    evidence.json   what is known of the model: checksums, origin, measures, gates
"""

import inspect
import math
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
from model.contract import Data, Service, Split, refuse_unserved
from model.errors import OutputError
from model.files import write
from model.training import gates
from model.training.assessment import Assessment, Candidate, assess, fit
from model.training.bundle import Key, bundle, read_others
from model.training.card import card
from model.training.champion import read_champion, split_beside
from model.training.data_check import refuse_wrong
from model.training.drawings import drawings
from model.training.evaluation import metrics
from model.training.export import Scorer, pipeline_scores, to_onnx
from model.training.golden import golden
from model.training.kinds.gate import Gate
from model.training.kinds.measures import Labels, Scores
from model.training.kinds.table import measures_of
from model.training.loading import load
from model.training.options import TrainOptions
from model.training.package import package
from model.training.source import Source, source
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


def train(service: Service, options: TrainOptions, progress: Progress = lambda text: None) -> TrainResult:
    """Train, evaluate, package and record one model; `progress` gets a line before each step.

    A model that fails a gate is written like any other, with the reason in its evidence. Raises a
    `model.errors.ModelError` for everything that a person has to put right first.
    """
    started = time.monotonic()
    refuse_unserved(service)
    champion = read_champion(options.champion, service) if options.champion else None
    others = read_others(options.others)
    split = split_beside(service, options.own, champion, options.champion)
    progress(f"Loading the data of {service.name}")
    data = load(service, options.build)
    refuse_wrong(service, data, split, datetime.now(UTC))
    # More threads are slower on busy cores, and the order of a parallel sum would show in the last bits.
    with threadpool_limits(1):
        progress(f"Fitting {options.model} on {split.train.label}")
        pipeline = fit(service, options.model, data.table, split.train)
        graph = to_onnx(service, pipeline)
        candidate = Candidate(options.model, pipeline, Scorer(graph, service))
        versus = [" the yardstick"] * (service.yardstick is not None) + [" the champion"] * bool(champion)
        beside = f", beside{' and'.join(versus)}," if versus else ""
        progress(f"Evaluating it{beside} on {split.test.label}, which no model here has seen")
        assessment = assess(service, candidate, data.table, split, champion)
        progress("Packaging the graph, its schema and a reference sample")
        test = split.test.select(data.table)
        requests = service.golden_rows(test)
        files = {
            MODEL: _packaged(package(service, candidate, graph, data, split), others),
            GOLDEN: artifact.as_json(
                golden(service, requests, lambda rows: pipeline_scores(service, pipeline, rows))
            ),
        }
    compared = champion.sha256 if champion else None
    measured = _measured(service, assessment)
    origin = source(Path(inspect.getfile(type(service))))
    evidence = _evidence(service, origin, files, split, data, assessment, measured, compared)
    if others:
        evidence["source"]["other_models"] = _origin(others)
    written = {**files, EVIDENCE: artifact.as_json(evidence)}
    drawn = _drawn(service, test[service.label].to_numpy(), assessment.scores) if options.trackers else {}
    run = _run(service, origin, split, data, candidate, assessment, measured, {**written, **drawn})
    outbox = sending.outbox(options.build)
    # Kept before it is written, so that a model which lies there has its record whatever happens next.
    lost = sending.keep(run, options.trackers, outbox)
    try:
        _write(options.out, written)
    except OutputError:
        outbox.forget(run)
        raise
    tracked = Tracked(warnings=(lost,)) if lost else _tracked(run, service, options, outbox, progress)
    warnings = [*tracked.warnings, *_say_where(tracked, evidence, options.out)]
    return TrainResult(
        passed=gates.passed(assessment.gates),
        gates=assessment.gates,
        evidence=evidence,
        out=options.out,
        seconds=time.monotonic() - started,
        warnings=tuple(warnings),
    )


def _packaged(alone: bytes, others: Mapping[Key, bytes]) -> bytes:
    """The artifact, with further models in it if there are any: evidence is of these bytes."""
    return bundle(alone, others) if others else alone


def _origin(others: Mapping[Key, bytes]) -> str:
    """Which artifacts the further models came from."""
    return ", ".join(f"{key} sha256:{artifact.sha256(content)}" for key, content in sorted(others.items()))


def _drawn(service: Service, labels: Labels, scores: Scores) -> dict[str, bytes]:
    """The drawings of a record. One that cannot be made costs itself alone."""
    try:
        return drawings(service, labels, scores)
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


def _measured(service: Service, assessment: Assessment) -> dict[str, float]:
    """All measures of validation and test rows, as flat numbers."""
    main = measures_of(service).main
    return {
        **metrics("validation", main, assessment.validation),
        **metrics("test", main, assessment.test),
    }


def _run(
    service: Service,
    origin: Source,
    split: Split,
    data: Data,
    candidate: Candidate,
    assessment: Assessment,
    measured: Mapping[str, float],
    files: Mapping[str, bytes],
) -> Run:
    passed = gates.passed(assessment.gates)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return Run(
        id=f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{artifact.sha256(files[MODEL])[:8]}",
        service=service.name,
        parameters={
            "model": candidate.model,
            **_parameters(candidate),
            **split.about,
            **split.facts,
            "python": platform.python_version(),
        },
        metrics={
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_memory_mb": usage.ru_maxrss / 1000,
            **measured,
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


def _parameters(candidate: Candidate) -> dict[str, Any]:
    """The plain parameters of the pipeline's last step, which tell one training from another."""
    found = candidate.pipeline[-1].get_params()
    return {name: value for name, value in found.items() if isinstance(value, bool | int | float | str)}


def _evidence(
    service: Service,
    origin: Source,
    files: Mapping[str, bytes],
    split: Split,
    data: Data,
    assessment: Assessment,
    measured: Mapping[str, float],
    champion: str | None,
) -> dict[str, Any]:
    """What a release needs to know of the model; part of the release's manifest."""
    main = measures_of(service).main
    found = assessment.measured
    gains = {"yardstick": found.yardstick, "champion": found.champion}
    return {
        "model": {"sha256": artifact.sha256(files[MODEL]), "size": len(files[MODEL])},
        "golden_sha256": artifact.sha256(files[GOLDEN]),
        "input_schema": service.input_schema(),
        "source": {
            "data_version": data.version,
            "mlflow_run": None,
            "mlflow_model_version": None,
            "git_commit": origin.git_commit,
            "git_dirty": origin.git_dirty,
            "champion_sha256": champion,
        },
        "evaluation": {
            **split.facts,
            **measured,
            **{f"test_{main}_over_{name}": _number(gain.value) for name, gain in gains.items() if gain},
            **{f"test_{main}_over_{name}_error": _number(gain.error) for name, gain in gains.items() if gain},
            "parity": _number(found.parity),
        },
        "gates": [asdict(gate) for gate in assessment.gates],
        "card": card(service, data, split, assessment.test, assessment.scores, files[MODEL]),
    }


def _number(value: float) -> float | None:
    """What was measured; None where it was not: the evidence is plain JSON, and its gate has failed."""
    return value if math.isfinite(value) else None


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
            "It holds no complete model now, and a release would refuse it.",
            "Free some space, correct the folder's permissions or give another with --out, then train again.",
        ) from error
