"""The same data and code give the same bytes, whatever Python's hash seed is.

The two processes share nothing but the data, which each of them joins anew.
"""

import json
import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.sandbox, pytest.mark.xdist_group("training")]

PROGRAM = """
import json, sys
from pathlib import Path
from threadpoolctl import threadpool_limits
from model import artifact
from model.training.assessment import Candidate, fit
from model.training.data_file import data_file
from model.training.export import Scorer, to_onnx
from model.training import skops_file
from model.training.package import Exported, package
from model.service.service import SERVICE

data, split = data_file(SERVICE, SERVICE.load(Path(sys.argv[1]))), SERVICE.split({"months": "5-6"}, None)
made = {"data.parquet": data.sha256}
with threadpool_limits(1):
    for kind in ("logistic", "boosting"):
        pipeline = fit(SERVICE, kind, data.table, split.train)
        graph = to_onnx(SERVICE, pipeline)
        exported = Exported(graph, skops_file.dump(pipeline))
        packed = package(SERVICE, Candidate(kind, pipeline, Scorer(graph, SERVICE)), exported, data, split)
        files = {name: artifact.sha256(content) for name, content in artifact.read(packed).items()}
        made[kind] = {"model.tar.gz": artifact.sha256(packed), **files}
print(json.dumps(made))
"""


def test_two_processes_with_different_hash_seeds_package_the_same_bytes(tmp_path):
    made = []
    for seed in ("1", "4242"):
        folder = tmp_path / seed
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(folder)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        made.append(json.loads(done.stdout))
    assert made[0] == made[1]
    assert made[0]["logistic"]["model.tar.gz"] != made[0]["boosting"]["model.tar.gz"]
