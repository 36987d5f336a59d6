"""A service's data as one file, whose bytes name the data version.

A training learns from what this file holds, not from what `load` happened to return: whoever has these bytes
has all of the data that the training saw. The same rows and libraries give the same bytes.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from model import artifact
from model.contract import Data, Service
from model.errors import ServiceError

if TYPE_CHECKING:
    import pandas as pd

NAME = "data.parquet"
_LENGTH = 12


@dataclass(frozen=True)
class DataFile:
    """The bytes of `data.parquet`, and where the rows came from."""

    content: bytes
    origin: str
    """What the service calls the source."""
    libraries: Mapping[str, str] = field(default_factory=dict)
    """Versions of the packages that the rows came from, of those that are not installed here."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes, by which they are proven."""
        return artifact.sha256(self.content)

    @property
    def md5(self) -> str:
        """The MD5 of the bytes, which is no proof: DVC's storage has files under it."""
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()

    @property
    def version(self) -> str:
        """The data version: the source, and the start of the SHA-256."""
        return f"{self.origin}-{self.sha256[:_LENGTH]}"

    @cached_property
    def table(self) -> "pd.DataFrame":
        """The rows."""
        return read(self.content)


def data_file(service: Service, data: Data) -> DataFile:
    """The file of a service's data. Raises ServiceError for a table that Parquet cannot hold."""
    try:
        return DataFile(to_parquet(data.table), data.version)
    except (ValueError, TypeError, NotImplementedError, OverflowError) as error:  # of Arrow and pandas
        raise ServiceError(
            f"The data of {service.name} cannot be kept as Parquet: {error}",
            "A release could not name the data that it was trained on, so nothing was trained.",
            "Have load return columns of one type each: text, numbers, times or truth values.",
        ) from error


def to_parquet(table: "pd.DataFrame") -> bytes:
    """A table as Parquet: the same rows, types and index, and the same bytes for them."""
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    return buffer.getvalue()


def read(content: bytes) -> "pd.DataFrame":
    """The table that `to_parquet` wrote. Raises ValueError for other bytes."""
    import pandas as pd

    return pd.read_parquet(io.BytesIO(content))
