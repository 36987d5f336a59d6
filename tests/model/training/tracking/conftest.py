"""A run of a small model, made as training makes one."""

import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from model import artifact
from model.training import skops_file
from model.training.tracking.run import MODEL, Run


@pytest.fixture(scope="session")
def run() -> Run:
    return small_run()


def small_run() -> Run:
    """Two features, one of them words; it passed its gates."""
    rows = pd.DataFrame({"place": ["a", "b", "a", "b"], "size": [1.0, 2.0, 3.0, 4.0]})
    columns = ColumnTransformer([("place", OneHotEncoder(), ["place"])], remainder="passthrough")
    pipeline = Pipeline([("columns", columns), ("classifier", LogisticRegression())]).fit(rows, [0, 1, 0, 1])
    features = [
        {"name": "place", "kind": "category", "example": "a"},
        {"name": "size", "kind": "number", "example": 2.5},
    ]
    files = {
        artifact.SKOPS: skops_file.dump(pipeline),
        artifact.SCHEMA: artifact.as_json({"features": features}),
        artifact.ABOUT: artifact.as_json({"libraries": {}}),
    }
    return Run(
        id="20260102T030405000006Z-1a2b3c4d",
        service="places",
        parameters={"C": 1.0, "months": "1-6"},
        metrics={"test_auc": 0.7, "gate_auc": 0.7},
        tags={"gates": "passed"},
        data_version="places-1.0-0123456789ab",
        passed=True,
        files={MODEL: artifact.pack(files), "golden.json": b"{}", "calibration.png": _DOT},
    )


_DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)
"""A picture of one pixel."""
