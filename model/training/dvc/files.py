"""Where the stages of `dvc.yaml` read and write, below the folder that they run in."""

from pathlib import Path

from model import lfs
from model.errors import ModelError

PARAMETERS = Path("params.yaml")
BUILD = Path(".build")
WORK = BUILD / "dvc"
DATA = WORK / "data.parquet"
"""What `load` returned, as the one file that is the data version."""
VERSION = WORK / "data.json"
"""What the service calls the source, and the data version's name and hash."""
VALIDATION = WORK / "validation.json"
FEATURES = WORK / "features.parquet"
PIPELINE = WORK / "pipeline.skops"
GRAPH = WORK / "model.onnx"
EVALUATION = WORK / "evaluation.json"
OUT = BUILD / "model"
"""Where `./slipway release` looks for a model."""


class StageInputError(ModelError):
    """A file that an earlier stage writes is not there, or is not what it writes."""


def read(path: Path) -> bytes:
    """What an earlier stage wrote. Raises StageInputError where it is not there."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unusable(path, error) from error
    lfs.refuse_pointer(path, content)
    return content


def unusable(path: Path, error: Exception) -> StageInputError:
    """Why a stage cannot go on from `path`."""
    return StageInputError(
        f"{path} cannot be read: {type(error).__name__}: {error}",
        "The stage has nothing to go on from, so it made nothing.",
        "Have DVC make what comes before it: dvc repro",
    )
