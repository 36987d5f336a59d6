"""What goes into `model.tar.gz`, and nothing that differs from one run to the next.

model.onnx       the graph that serves          schema.json     the request's features
pipeline.skops   the pipeline it came from      model.json      what it was trained on, and with
reference.csv    a sample of training rows      reference.json  those rows' counts by day, for drift
checksums.json   the SHA-256 of each
"""

from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from model import artifact
from model.contract import Service, Split
from model.training import boosters
from model.training.assessment import Candidate
from model.training.data_file import DataFile
from model.training.kinds.measures import Scores
from model.training.reference.profile import profile
from model.training.sensitive import left_out

_LIBRARIES = ("onnx", "onnxruntime", "scikit-learn", "skl2onnx", "skops")


@dataclass(frozen=True)
class Exported:
    """The two files that a fitted pipeline becomes."""

    graph: bytes
    """What serves."""
    pipeline: bytes
    """The pipeline itself, as a skops file. One that was loaded again need not give the same bytes."""


def package(
    service: Service, candidate: Candidate, exported: Exported, data: DataFile, split: Split
) -> bytes:
    """The artifact's bytes: the same data, code and libraries give the same."""
    about = {
        **split.about,
        "service": service.name,
        "model": candidate.model,
        "data_version": data.version,
        "libraries": {
            **{name: version(name) for name in _LIBRARIES},
            **of_service(service, data),
            **boosters.versions(candidate.pipeline),
        },
    }
    if candidate.parameters:
        about["parameters"] = dict(candidate.parameters)
    if service.postprocessing:
        about["postprocessing"] = [{type(each).__name__: asdict(each)} for each in service.postprocessing]
    rows = split.train.select(data.table)
    sample = service.reference(rows)
    scored = sample.assign(**_columns(service, candidate.scorer.score(sample).round(6)))
    return artifact.pack(
        {
            artifact.GRAPH: exported.graph,
            artifact.SCHEMA: artifact.as_json(service.input_schema()),
            artifact.ABOUT: artifact.as_json(about),
            artifact.SKOPS: exported.pipeline,
            artifact.REFERENCE: left_out(service, scored).to_csv(index=False).encode(),
            artifact.PROFILE: profile(service, rows, candidate.scorer.score),
        }
    )


def of_service(service: Service, data: DataFile) -> dict[str, str]:
    """The versions of the packages that a service names: those here, or where the data was loaded."""
    return {name: _version(name, data) for name in service.libraries}


def _version(name: str, data: DataFile) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        if name not in data.libraries:
            raise
        return data.libraries[name]


def _columns(service: Service, scores: Scores) -> dict[str, Any]:
    """The scores as columns of the sample: one, or one for each class."""
    if scores.ndim == 1:
        return {"score": scores}
    return {f"score_{name}": scores[:, place] for place, name in enumerate(service.output.classes)}
