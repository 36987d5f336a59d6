"""The model that all serve: trained once by `./slipway train`, and its files as the peers want them.

The pipeline is read back from the artifact's skops file, with the types that `training.skops_file` trusts.
"""

import json
import os
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.serving.payloads import Rows
from demo.project import ROOT
from model.artifact import GRAPH, REFERENCE, SCHEMA, SKOPS, read, sha256
from model.image.extracting import extract

SIZES = (1, 32, 1000)
PIPELINE = "pipeline.joblib"


class ModelError(Exception):
    """There is no model to serve."""

    exit_code = 4


@dataclass(frozen=True)
class Model:
    """Where its files are, real rows in each of SIZES, and scikit-learn's scores for them."""

    kind: str
    artifact: Path
    """The unpacked `model.tar.gz`: what our server reads."""
    folder: Path
    """The same graph and schema, and the pipeline in joblib: what the peers read."""
    checksum: str
    rows: dict[int, Rows]
    scores: dict[int, npt.NDArray[np.float64]]


def train(kind: str, folder: Path) -> Model:
    """The model of this kind, made in `folder`. Raises ModelError."""
    out = folder / "trained"
    # a tracking store of its own, so that the project's own does not fill with models of benchmarks
    env = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        ROOT / "slipway",
        "train",
        "--service",
        "model/service",
        "--model",
        kind,
        "--out",
        out,
        "--json",
    ]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise ModelError(
            f"./slipway train --model {kind} ended with {done.returncode}: {done.stderr.strip()[-300:]}\n"
            "There is nothing to serve, so nothing was measured.\n"
            "Run it alone, and put right what it says."
        )
    return _prepare(kind, out / "model.tar.gz", folder)


def _prepare(kind: str, package: Path, folder: Path) -> Model:
    import joblib
    import pandas as pd

    from model.service.features import CATEGORIES, NAMES, NUMBERS
    from model.service.service import SERVICE
    from model.training.export import pipeline_scores
    from model.training.skops_file import load

    files = read(package.read_bytes())
    artifact, peers = folder / "artifact", folder / "peers"
    artifact.mkdir(exist_ok=True)
    peers.mkdir(exist_ok=True)
    with tarfile.open(package) as archive:
        extract(archive, artifact)
    for name in (GRAPH, SCHEMA, REFERENCE):
        (peers / name).write_bytes(files[name])
    pipeline = load(files[SKOPS])
    joblib.dump(pipeline, peers / PIPELINE)
    texts: Any = dict.fromkeys(CATEGORIES, str)
    missing = {name: [""] for name in NUMBERS}
    flights = pd.read_csv(artifact / REFERENCE, dtype=texts, keep_default_na=False, na_values=missing)
    rows, scores = {}, {}
    for size in SIZES:
        some = flights.iloc[np.linspace(0, len(flights) - 1, size).astype(int)][list(NAMES)]
        rows[size] = [
            {name: _plain(value) for name, value in zip(NAMES, row, strict=True)}
            for row in some.itertuples(index=False)
        ]
        scores[size] = pipeline_scores(SERVICE, pipeline, some)
    return Model(kind, artifact, peers, sha256(package.read_bytes()), rows, scores)


def _plain(value: object) -> object:
    """A JSON value that reads back as the same number; None for a missing one."""
    if isinstance(value, str):
        return value
    number = float(json.dumps(value))
    if np.isnan(number):
        return None
    return int(number) if number.is_integer() else number
