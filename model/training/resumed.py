"""A training that was begun before: gone on with where it stopped, or taken as it ended.

What decides it is its data, code, libraries, options, champion and further models. The same of all gives the
model that is there, with the very evidence that was measured then: so it is the same release, too. Where that
model has become the champion meanwhile, it would be compared with itself: it is taken, too.
"""

import json
import time
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from model import artifact
from model.contract import Service
from model.training.checkpoints import Checkpoints
from model.training.data_file import NAME, DataFile
from model.training.finish import EVIDENCE, GOLDEN, Progress, TrainResult, finish, leave, result
from model.training.kinds.gate import Gate
from model.training.options import TrainOptions
from model.training.tracking.run import MODEL
from model.training.train import Beside, learn, read_beside, read_data
from model.training.tune import code, libraries

_FOLDER = "training"
_ENDED = "ended"
KEPT = 20
"""How many are kept: those used last. A training that ended counts as two, beside its champion and itself."""


def resumed(service: Service, options: TrainOptions, progress: Progress = lambda text: None) -> TrainResult:
    """As `train`, where nothing of the kind was begun before. Raises a `model.errors.ModelError`."""
    started = time.monotonic()
    beside = read_beside(service, options)
    data = read_data(service, options, beside.split, progress)
    folder, decides = options.build / _FOLDER, _decides(service, options, data, beside)
    kept = Checkpoints(folder, decides)
    with kept.held():
        if files := kept.read(_ENDED):
            progress("The same was trained before: its model is taken")
            leave(
                options.out, {NAME: data.content, **{name: files[name] for name in (MODEL, GOLDEN, EVIDENCE)}}
            )
            found = _taken(json.loads(files[EVIDENCE]), options.out, time.monotonic() - started)
        else:
            with threadpool_limits(1):
                trained = learn(service, options.model, data, beside, progress, kept)
                finished, warnings = finish(trained, options, beside.others, progress)
            found = result(finished, options.out, time.monotonic() - started, warnings)
            # Its evidence as it was written last: with the run that a tracker made of it.
            ended = {name: (options.out / name).read_bytes() for name in (MODEL, GOLDEN, EVIDENCE)}
            itself = Checkpoints(folder, {**decides, "champion": artifact.sha256(ended[MODEL])})
            itself.keep(_ENDED, ended)
            kept.keep(_ENDED, ended)
    kept.prune(KEPT)
    return found


def _decides(service: Service, options: TrainOptions, data: DataFile, beside: Beside) -> dict[str, Any]:
    return {
        "service": service.name,
        "model": options.model,
        "own": dict(options.own),
        "parameters": dict(beside.parameters),
        "data": [data.version, data.sha256],
        "champion": beside.champion.sha256 if beside.champion else None,
        "others": {str(key): artifact.sha256(content) for key, content in beside.others.items()},
        "code": code(service),
        "libraries": libraries(),
    }


def _taken(evidence: dict[str, Any], out: Path, seconds: float) -> TrainResult:
    gates = tuple(Gate(**gate) for gate in evidence["gates"])
    return TrainResult(all(gate.passed for gate in gates), gates, evidence, out, seconds)
