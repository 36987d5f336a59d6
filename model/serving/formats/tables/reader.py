"""The child process that reads tables, as its parent sees it: started when needed, and again when it ended.

One question at a time: a worker decodes large bodies one after the other.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any, BinaryIO, cast

import msgspec
import numpy as np
import numpy.typing as npt

from model.serving.errors import RequestError, refused
from model.serving.formats.limits import MAX_ROWS
from model.serving.formats.media import Format
from model.serving.formats.tables.messages import (
    TOO_MANY,
    Answer,
    Column,
    Columns,
    Question,
    Refusal,
    exactly,
    receive,
    send,
)
from model.serving.quoting import clean

SECONDS = 20.0
"""A child that takes longer is ended."""
_KEPT = ("PATH", "LD_LIBRARY_PATH", "LANG", "TZ")
_GONE = (OSError, EOFError, ValueError, msgspec.MsgspecError)
Table = tuple[int, list[tuple[Column, npt.NDArray[Any] | None]]]


class TableReader:
    """Reads Parquet and Arrow bodies. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def read(self, body: bytes, media: Format, wanted: Sequence[str]) -> Table:
        """How many rows there are, the columns, and the values of those that have any.

        Raises RequestError 400 when the body cannot be read, or not within the child's limits.
        """
        with self._lock:
            child = self._running()
            timer = threading.Timer(SECONDS, child.kill)
            timer.start()
            try:
                answer = _exchange(child, body, Question(media.value, len(body), wanted, MAX_ROWS))
            except _GONE as error:
                self._end(child)
                raise _unreadable(media, "it is damaged, or unpacks to more than it may") from error
            except BaseException:
                self._end(child)  # in the middle of an answer
                raise
            finally:
                timer.cancel()
        if isinstance(answer, Refusal):
            why = clean(answer.message)
            raise refused(answer.code, answer.message) if answer.code == TOO_MANY else _unreadable(media, why)
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._child = _start()
        return self._child

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        child.kill()
        child.wait()
        self._child = None


def _start() -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    environment["OPENBLAS_NUM_THREADS"] = "1"
    return subprocess.Popen(
        [sys.executable, "-m", "model.serving.formats.tables.child"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # a panic writes there what it stumbled over: a caller's values
        stderr=subprocess.DEVNULL,
    )


def _exchange(child: subprocess.Popen[bytes], body: bytes, question: Question) -> Table | Refusal:
    # Popen's pipes are streams of bytes; their type says less
    questions, answers = cast(BinaryIO, child.stdin), cast(BinaryIO, child.stdout)
    send(questions, question, [body])
    answer = receive(answers, Answer)
    if isinstance(answer, Refusal):
        return answer
    return answer.count, [(told, _values(answers, answer, told)) for told in answer.columns]


def _values(answers: BinaryIO, answer: Columns, told: Column) -> npt.NDArray[Any] | None:
    if not told.dtype:
        return None
    dtype = np.dtype(told.dtype)
    return np.frombuffer(exactly(answers, answer.count * dtype.itemsize), dtype)


def _unreadable(media: Format, why: str) -> RequestError:
    name = "Parquet" if media is Format.PARQUET else "Arrow"
    return refused("invalid_table", f"The body cannot be read as {name}: {why}.")
