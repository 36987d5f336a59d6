"""The rows that a container was given: proven, and readable. Pure but for the one file."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from model.training.data_file import DataFile
from model.training.errors import JobInputError
from model.training.job.hyperparameters import DATA, Asked

if TYPE_CHECKING:
    import pandas as pd


def read(file: Path, asked: Asked) -> DataFile:
    """The data that was asked for. Raises JobInputError for other bytes."""
    content = file.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if asked.sha256 is not None and found != asked.sha256:
        raise JobInputError(
            f"The channel {DATA!r} holds SHA-256 {found}; the job was started for {asked.sha256}.",
            "It is not the data that was meant, so nothing was trained.",
            "Start the job anew: ./slipway train --on sagemaker puts the right bytes there.",
        )
    return DataFile(content, asked.origin, asked.libraries)


def table(data: DataFile) -> "pd.DataFrame":
    """Its rows. Raises JobInputError for what holds none."""
    try:
        return data.table
    except ValueError as error:
        raise JobInputError(
            f"The file in the channel {DATA!r} is no data of ours: {error}",
            "Nothing was trained.",
            "Give the channel the data.parquet of a training, or of ./slipway data RELEASE.",
        ) from error
