"""`train` in the training image: one training by SageMaker's contract, from its channels to its output.

    model/        what model.tar.gz holds, as files: SageMaker packs them for whoever deploys the job's model
    output/data/  model.tar.gz itself, its golden requests, evidence, drawings and the record of the run

SageMaker's own model.tar.gz holds the same files in other bytes, with times and owners in them, so a release
takes ours. Only `evidence.json` says that the rest is whole, and is written last.
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NoReturn

from threadpoolctl import threadpool_limits

from model import artifact, finding
from model.contract import Service
from model.errors import ModelError
from model.files import write
from model.training.data_check import refuse_wrong
from model.training.finish import EVIDENCE, Finished, complete
from model.training.job import hyperparameters, rows, steps
from model.training.job.hyperparameters import CHAMPION, DATA, WITH
from model.training.job.metrics import line
from model.training.job.place import Place, base
from model.training.options import TrainOptions
from model.training.tracking.run import MODEL
from model.training.train import read_beside
from model.training.tune import tuned

SERVICE = "SLIPWAY_SERVICE"
"""The image's variable that names the folder of its service."""
TRAIN = "train"
"""How SageMaker starts a training; what else there is, `steps` says."""
RUN = "run.json"
FAILED = 1
STOPPED = 143
"""As a shell says of what SIGTERM ended."""
Say = Callable[[str], None]


def main(words: Sequence[str] = (TRAIN,)) -> int:
    """Train as the hyperparameters ask, or do the step of a pipeline that the arguments name; the exit code.

    A model that fails its gates is a result, and ends with 0.
    """
    signal.signal(signal.SIGTERM, _stop)
    place = Place(base(os.environ))
    try:
        service = finding.load(finding.ROOT / os.environ.get(SERVICE, "model/service"))
        if tuple(words) in {(), (TRAIN,)}:
            run(service, place, _say)
        else:
            steps.run(service, place.processing, words, _say)
    except ModelError as error:
        return _failed(place, str(error))
    except Exception as error:
        traceback.print_exc()
        words = "This is a defect, or a failure that the training does not know; no model was written."
        told = f"Unexpected {type(error).__name__}: {error}\n{words}\nThe job's log has the traceback."
        return _failed(place, told)
    return 0


def run(service: Service, place: Place, say: Say) -> None:
    """One training in these folders. Raises a ModelError for what somebody has to put right."""
    started = time.monotonic()
    asked = hyperparameters.asked(service, place.hyperparameters())
    options = TrainOptions(
        model=asked.model,
        own=asked.own,
        parameters=asked.parameters,
        champion=place.file(CHAMPION) if place.has(CHAMPION) else None,
        others=tuple((key, place.file(f"{WITH}{number}")) for number, key in enumerate(asked.others)),
        trackers=(),
    )
    beside = read_beside(service, options)
    data = rows.read(place.file(DATA), asked)
    refuse_wrong(service, rows.table(data), beside.split, datetime.now(UTC))
    # As on any other machine: the order of a parallel sum would show in the last bits.
    with threadpool_limits(1):
        # The code is the image's; another image has its checkpoints in another place.
        decides, folder = {"own": dict(asked.own)}, place.checkpoints
        trained, _ = tuned(service, asked.model, data, beside, asked.search, folder, decides, say)
        finished = complete(trained, beside.others, say)
    leave(finished, place)
    for name, value in finished.run.metrics.items():
        say(line(name, value))
    for gate in finished.evidence["gates"]:
        say(f"{'passed' if gate['passed'] else 'FAILED'} {gate['name']}: {gate['reason']}")
    say(f"trained in {time.monotonic() - started:.1f} s")


def leave(finished: Finished, place: Place) -> None:
    """Write the model and what is told of it, the evidence last. Raises OSError."""
    for name, content in artifact.proven(artifact.read(finished.files[MODEL])).items():
        write(place.model / name, content)
    files = {**finished.run.files, RUN: artifact.as_json(finished.run.record())}
    for name, content in files.items():
        if name != EVIDENCE:
            write(place.data / name, content)
    write(place.data / EVIDENCE, files[EVIDENCE])


def _failed(place: Place, told: str) -> int:
    print(f"error: {told}", file=sys.stderr, flush=True)
    place.fail(told)
    return FAILED


def _say(text: str) -> None:
    print(text, flush=True)


def _stop(signum: int, frame: object) -> NoReturn:
    """SageMaker stops the job, or takes the instance back: what is kept as a checkpoint stays."""
    _say("stopped by SageMaker; a training that begins again goes on after its last checkpoint")
    sys.exit(STOPPED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
