"""A service's data, or a DataError that says what is wrong with its files, before anything is fitted."""

from collections.abc import Callable, Sequence
from pathlib import Path

from model.contract import Data, Service
from model.declarations import SourceFile
from model.errors import DataError, ModelError
from model.training import memory
from model.training.problems import Problem, refuse
from model.training.source_file import UNREADABLE, Looked, look

TIMES = 2
"""The rows are in memory as they were read, and once more as they are joined or as the model reads them."""


def load(service: Service, cache: Path, available: Callable[[], int | None] = memory.available) -> Data:
    """The service's data; its files are looked at before it reads them.

    Raises DataError for what cannot be read, and before it is read for what is not whole or larger than the
    memory that is `available`.
    """
    files = service.sources()
    looked = [look(file) for file in files]
    refuse(f"The data of {service.name}", [problem for found in looked for problem in found.problems])
    refuse(f"The data of {service.name}", too_large(files, looked, available()))
    try:
        return service.load(cache)
    except ModelError:
        raise
    except MemoryError as error:
        raise _larger(service) from error
    except (*UNREADABLE, KeyError) as error:
        said = " ".join(str(error).split()) or "no reason given"
        raise DataError(
            f"The data of {service.name} cannot be loaded: {type(error).__name__}: {said}",
            "Nothing was trained.",
            "Correct the file, column or row that is named, or load of the service; --traceback shows where.",
        ) from error


def too_large(
    files: Sequence[SourceFile], looked: Sequence[Looked], available: int | None
) -> Sequence[Problem]:
    """One problem where the files' rows take more memory than there is; None: nobody knows how much."""
    read = [(file, found.bytes) for file, found in zip(files, looked, strict=True) if not file.chunked]
    needed = TIMES * sum(size for _, size in read)
    if available is None or needed <= available:
        return ()
    largest = max(read, key=lambda pair: pair[1])[0].path
    what = (
        f"its rows ({largest} has most of them) take about {needed:,} bytes of memory, and {available:,} "
        "are available"
    )
    fix = (
        "read the file in chunks in load, keep the rows and columns that are needed, and say so by "
        "SourceFile(..., chunked=True); or train where there is more memory"
    )
    return (Problem(what, fix),)


def _larger(service: Service) -> DataError:
    return DataError(
        f"The data of {service.name} is larger than the memory: it ended while the rows were read.",
        "Nothing was trained.",
        "Read it in chunks in load and keep the rows and columns that are needed, or train where there is "
        "more memory.",
    )
