"""The flights with the scores of the example's model, and the reference that is released with it."""

import io
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from model import artifact
from model.files import write
from model.service.service import SERVICE
from model.training.assessment import Candidate, fit
from model.training.data_file import data_file
from model.training.export import Scorer, to_onnx
from model.training.package import Exported, package
from monitoring.drift import layout as layouts
from monitoring.drift.layout import Layout
from monitoring.drift.reference import Reference, read

MODEL, MONTHS = "boosting", "1-6"


@dataclass(frozen=True)
class Source:
    """What streams are drawn from."""

    table: pd.DataFrame
    """The reference's own rows, with their scores: its whole days."""
    after: pd.DataFrame
    """The flights of July to December, with their scores."""
    sample: pd.DataFrame
    """`reference.csv`, which other tools compare with."""
    reference: Reference

    @property
    def layout(self) -> Layout:
        """Of the reference."""
        return layouts.of(self.reference)


@lru_cache(maxsize=1)
def source(build: Path) -> Source:
    """The model is trained once and kept in `build`, as an artifact like any other."""
    loaded, split = SERVICE.load(build), SERVICE.split({"months": MONTHS}, None)
    kept = build / "bench" / "drift" / "model.tar.gz"
    if not kept.is_file():
        data = data_file(SERVICE, loaded)
        with threadpool_limits(1):
            pipeline = fit(SERVICE, MODEL, loaded.table, split.train)
            graph = to_onnx(SERVICE, pipeline)
            candidate = Candidate(MODEL, pipeline, Scorer(graph, SERVICE))
            write(kept, package(SERVICE, candidate, Exported(graph, b""), data, split))
    files = artifact.read(kept.read_bytes())
    table = loaded.table
    table = table.assign(score=Scorer(files[artifact.GRAPH], SERVICE).score(table))
    days = set(json.loads(files[artifact.PROFILE])["days"])
    trained = split.train.select(table)
    whole = trained["departure"].dt.strftime("%Y-%m-%d").isin(days)
    sample = pd.read_csv(io.BytesIO(files[artifact.REFERENCE]))
    return Source(trained[whole], table[table["month"] > 6], sample, read(files[artifact.PROFILE]))
