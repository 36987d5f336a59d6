"""A file is unpacked and cut into records, and records are put into the payloads of requests. Pure."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO

from sandbox.jobs.transform.faults import TOO_LARGE, bad_data


def unpacked(content: bytes) -> bytes:
    """What a gzipped file holds. Raises FileFailed for one that is none, is cut short or damaged."""
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise bad_data(f"Failed to decompress the input as Gzip: {error}") from error


def records(content: bytes, by_line: bool) -> list[bytes]:
    """The records of a file, each as it stands there, line end included; without a split all of it is one.

    The last line may lack its end. An empty file has no lines, and is one empty record without a split.
    """
    if not by_line:
        return [content]
    return BytesIO(content).readlines()  # ends a line at \n alone, unlike bytes.splitlines


def payloads(found: Sequence[bytes], limit: int | None, single: bool) -> Iterator[list[bytes]]:
    """The records of each request: one, or as many as fit into `limit` bytes (None: as many as there are).

    Raises FileFailed for a record that does not fit.
    """
    batch: list[bytes] = []
    size = 0
    for record in found:
        if limit is not None and len(record) > limit:
            raise bad_data(TOO_LARGE)
        if batch and (single or (limit is not None and size + len(record) > limit)):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += len(record)
    if batch:
        yield batch
