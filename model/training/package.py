"""What goes into `model.tar.gz`, and nothing that differs from one run to the next.

model.onnx       the graph that serves          schema.json     the request's features
pipeline.skops   the pipeline it came from      model.json      what it was trained on, and with
reference.csv    a sample to measure drift by   checksums.json  the SHA-256 of each
"""

from dataclasses import asdict
from importlib.metadata import version

from model import artifact
from model.contract import Service, Split
from model.training import boosters, skops_file
from model.training.assessment import Candidate
from model.training.data_file import DataFile

_LIBRARIES = ("onnx", "onnxruntime", "scikit-learn", "skl2onnx", "skops")


def package(service: Service, candidate: Candidate, graph: bytes, data: DataFile, split: Split) -> bytes:
    """The artifact's bytes: the same data, code and libraries give the same."""
    about = {
        **split.about,
        "service": service.name,
        "model": candidate.model,
        "data_version": data.version,
        "libraries": {
            **{name: version(name) for name in (*service.libraries, *_LIBRARIES)},
            **boosters.versions(candidate.pipeline),
        },
    }
    if service.postprocessing:
        about["postprocessing"] = [{type(each).__name__: asdict(each)} for each in service.postprocessing]
    sample = service.reference(split.train.select(data.table))
    scored = sample.assign(score=candidate.scorer.score(sample).round(6))
    return artifact.pack(
        {
            artifact.GRAPH: graph,
            artifact.SCHEMA: artifact.as_json(service.input_schema()),
            artifact.ABOUT: artifact.as_json(about),
            artifact.SKOPS: skops_file.dump(candidate.pipeline, service.trusted),
            artifact.REFERENCE: scored.to_csv(index=False).encode(),
        }
    )
