"""The folders that SageMaker's contract names, below /opt/ml.

input/config/hyperparameters.json   input/data/CHANNEL/   checkpoints/
model/   output/data/   output/failure
"""

import json
from collections.abc import Mapping
from pathlib import Path

from model.training.errors import JobInputError

BASE = Path("/opt/ml")
VARIABLE = "SAGEMAKER_BASE_DIR"
"""Another place than /opt/ml, as SageMaker's own training toolkit is told it: a machine that runs the image
without a container cannot always have that folder."""
LONGEST_FAILURE = 1024
"""Characters of `output/failure` that DescribeTrainingJob tells."""


def base(environment: Mapping[str, str]) -> Path:
    """Where SageMaker's folders are."""
    return Path(environment.get(VARIABLE) or BASE)


class Place:
    """One container's folders."""

    def __init__(self, base: Path = BASE) -> None:
        self.model = base / "model"
        """What lies here becomes SageMaker's model.tar.gz."""
        self.data = base / "output" / "data"
        """What lies here becomes SageMaker's output.tar.gz."""
        self.checkpoints = base / "checkpoints"
        """What lies here is copied to S3 while the container runs, and is there when it begins again."""
        self.processing = base / "processing"
        """Inputs and outputs of a processing job."""
        self._failures = (base / "output" / "failure", base / "output" / "message")
        """Of a training job, of a processing job."""
        self._hyperparameters = base / "input" / "config" / "hyperparameters.json"
        self._channels = base / "input" / "data"

    def hyperparameters(self) -> Mapping[str, str]:
        """What SageMaker was asked for; nothing where it wrote no file. Raises JobInputError."""
        file = self._hyperparameters
        try:
            found = json.loads(file.read_bytes())
            return {str(name): str(value) for name, value in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            raise JobInputError(
                f"{file} cannot be read: {type(error).__name__}: {error}",
                "Nothing was trained: nobody knows what was asked for.",
                "Start the job with HyperParameters of texts; ./slipway train --on sagemaker does.",
            ) from error

    def has(self, channel: str) -> bool:
        """Whether there is such a channel."""
        return (self._channels / channel).is_dir()

    def file(self, channel: str) -> Path:
        """The one file of a channel. Raises JobInputError for none, and for several."""
        return one_file(self._channels / channel, channel)

    def fail(self, told: str) -> None:
        """Leave the reason of a failure where SageMaker reads it."""
        for file in self._failures:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(told[:LONGEST_FAILURE], encoding="utf-8")


def one_file(folder: Path, channel: str) -> Path:
    """The one file of a channel's folder. Raises JobInputError for none, and for several."""
    found = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    if len(found) == 1:
        return found[0]
    there = f"holds {len(found)} files: {', '.join(path.name for path in found[:3])}"
    if not found:
        there = "holds no file" if folder.is_dir() else "is not there"
    raise JobInputError(
        f"The channel {channel!r} {there}.",
        "Nothing was trained: it learns from exactly one file.",
        f"Give the job a channel {channel!r} whose S3Uri is the key of one file.",
    )
