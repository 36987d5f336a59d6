"""What a pipeline does around a training, in the same image, as SageMaker's processing jobs.

check-data ASKED SHA256   processing/data/       the rows are those asked for, and right for the service
prove                     processing/trained/    what a training job left, as output.tar.gz, is whole
                          processing/proven/     its files, and what its gates came to: gates.json

A model that fails its gates is a result, and ends with 0; whoever runs the pipeline decides by `failed`.
"""

import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from model import artifact
from model.contract import Service
from model.files import write
from model.training.data_check import refuse_wrong
from model.training.errors import JobInputError, JobOutputError
from model.training.finish import EVIDENCE, GOLDEN
from model.training.job import hyperparameters, rows
from model.training.job.place import one_file
from model.training.options import TrainOptions
from model.training.tracking.run import MODEL
from model.training.train import read_beside

CHECK_DATA, PROVE = "check-data", "prove"
GATES = "gates.json"
"""The property file: `failed` is how many gates refuse the model, `sha256` is the model's."""
Say = Callable[[str], None]


def run(service: Service, folder: Path, words: Sequence[str], say: Say) -> None:
    """One step, in its container's folder of processing. Raises a ModelError, OSError."""
    match words:
        case [step, asked, sha256] if step == CHECK_DATA:
            check_data(
                service, folder / "data", {hyperparameters.ASKED: asked, hyperparameters.SHA256: sha256}, say
            )
        case [step] if step == PROVE:
            prove(folder / "trained", folder / "proven", say)
        case _:
            raise JobInputError(
                f"The image has no step {' '.join(words)!r}.",
                "Nothing was done.",
                f"Start it with train, {CHECK_DATA} ASKED SHA256, or {PROVE}.",
            )


def check_data(service: Service, folder: Path, texts: Mapping[str, str], say: Say) -> None:
    """Refuse rows that a training would refuse, before an instance trains."""
    asked = hyperparameters.asked(service, texts)
    split = read_beside(service, TrainOptions(model=asked.model, own=asked.own, trackers=())).split
    found = rows.table(rows.read(one_file(folder, "data"), asked))
    refuse_wrong(service, found, split, datetime.now(UTC))
    say(f"{len(found):,} rows of {service.name} are right")


def prove(trained: Path, proven: Path, say: Say) -> None:
    """Lay out what a training left, where its own evidence says that it is whole."""
    files = _unpacked(one_file(trained, "trained").read_bytes())
    gates = judged(files)
    for name in (MODEL, GOLDEN, EVIDENCE):
        write(proven / name, files[name])
    write(proven / GATES, artifact.as_json(gates))
    say(f"{gates['failed']} of {gates['gates']} gates refuse {gates['sha256']}")


def judged(files: Mapping[str, bytes]) -> dict[str, Any]:
    """What a training's gates came to. Pure. Raises JobOutputError where it is not whole, or has none."""
    try:
        evidence = json.loads(files[EVIDENCE])
        sha256, gates = evidence["model"]["sha256"], evidence["gates"]
        if (
            artifact.sha256(files[MODEL]) != sha256
            or artifact.sha256(files[GOLDEN]) != evidence["golden_sha256"]
        ):
            raise ValueError("its bytes are not those of its evidence")
        names = [gate["name"] for gate in gates if gate["passed"] is not True]
    except (KeyError, TypeError, ValueError) as error:
        raise _no_model(f"{type(error).__name__}: {error}") from error
    if not gates:
        raise _no_model("its evidence has no gate")
    return {"failed": len(names), "gates": len(gates), "refused_by": names, "sha256": sha256}


def _unpacked(content: bytes) -> dict[str, bytes]:
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
            plain = (
                (entry.name.removeprefix("./"), tar.extractfile(entry)) for entry in tar if entry.isreg()
            )
            return {name: found.read() for name, found in plain if found is not None}
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _no_model(f"{type(error).__name__}: {error}") from error


def _no_model(why: str) -> JobOutputError:
    return JobOutputError(
        f"The training left no whole model: {why}.",
        "Nothing is registered.",
        "Look at the training job's log; its image has to be one of ./slipway train --on sagemaker.",
    )
