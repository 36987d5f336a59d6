"""What the model card and the data sheet of a release tell, as JSON values: part of the evidence.

`release.report.card` only tells it. Nothing of it is written by hand but the service's own statement.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from model import artifact
from model.contract import Service, Split
from model.training.data_file import DataFile
from model.training.data_sheet import data_sheet
from model.training.told import plain

FORMAT = 1
QUANTILES = {"low": 0.05, "middle": 0.5, "high": 0.95}


def card(
    service: Service, data: DataFile, split: Split, told: Mapping[str, Any], packaged: bytes
) -> dict[str, Any]:
    """The card's evidence: `told` is of the test rows (`model.training.told`), `packaged` is the artifact."""
    files = artifact.read(packaged)
    return plain(
        {
            **told,
            "format": FORMAT,
            "model": json.loads(files[artifact.ABOUT])["model"],
            "kind": service.kind,
            "statement": asdict(service.statement),
            "data": data_sheet(service, data, split),
            "reference": _reference(service, files[artifact.REFERENCE]),
        }
    )


def _reference(service: Service, content: bytes) -> dict[str, Any]:
    """The sample in the artifact that drift is measured by; of several classes the likeliest one's score."""
    import pandas as pd

    sample = pd.read_csv(io.BytesIO(content))
    classes = [f"score_{name}" for name in service.output.classes]
    scores = sample[classes].max(axis=1) if classes else sample["score"]
    return {
        "file": artifact.REFERENCE,
        "sha256": artifact.sha256(content),
        "rows": len(sample),
        "columns": len(sample.columns),
        "score": {"mean": scores.mean(), **{name: scores.quantile(q) for name, q in QUANTILES.items()}},
    }
