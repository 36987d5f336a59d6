"""The process that brings kept files to S3: forked beside the workers, so that none of them waits for it.

It takes every file that nobody writes any more, of workers that are gone too, the oldest first. What cannot
be brought now stays and is tried again. One failure may be a file's own; a second one with no success between
is S3's, and ends the round. Files that failed are tried last, so that they never keep the others from S3.

It ends when all others of the container have ended and nothing is left, or at once when it was told the last
time.
"""

import logging
import math
import select
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from model.serving.capture import spool
from model.serving.capture.spool import SUFFIX, key_of, taken, waiting
from model.serving.capture.store import Destination
from model.serving.keeping import Keeping

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
AGAIN_SECONDS = 10.0
"""How long S3 is left alone after it took something not."""
LAST_SECONDS = 28.0
"""SageMaker kills a container 30 s after SIGTERM."""
SAID_EVERY = 10.0
"""Seconds between two lines of the log about what waits for S3."""
TRIES = 2
"""Failures in a row that end a round."""


def ship(keeping: Keeping, others: int) -> None:
    """Bring files to S3 until the pipe `others` has ended, and what there is then."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # what the workers still write comes after it
    shipment = Shipment(spool.folder(keeping), Destination(keeping).put)
    wait = LOOK_SECONDS
    while not select.select([others], [], [], wait)[0]:
        wait = LOOK_SECONDS if shipment.bring() else AGAIN_SECONDS
    end = time.monotonic() + LAST_SECONDS
    while not shipment.bring() and time.monotonic() < end:
        time.sleep(LOOK_SECONDS / 4)


class Shipment:
    """Brings a folder's files by `put`, round by round."""

    def __init__(
        self, place: Path, put: Callable[[str, bytes], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._place = place
        self._put = put
        self._now = now
        self._failures: Counter[str] = Counter()
        """How often each file that is still there could not be brought."""
        self._next = -math.inf

    def bring(self) -> bool:
        """One round; whether all was brought that nobody writes any more."""
        failed, in_a_row = None, 0
        for file in self._files():
            try:
                brought = self._bring(file)
            except Exception as error:  # whatever it is, the file stays
                self._failures[file.name] += 1
                failed, in_a_row = error, in_a_row + 1
                if in_a_row == TRIES:
                    break
            else:
                in_a_row = 0 if brought else in_a_row
        if failed is not None:
            self._say(failed)
        return failed is None

    def _files(self) -> list[Path]:
        """Those that failed least often first, and of these the oldest: a name begins with its time."""
        found = list(self._place.glob(f"[!.]*{SUFFIX}"))
        self._failures = Counter({file.name: self._failures[file.name] for file in found})
        return sorted(found, key=lambda file: (self._failures[file.name], file.name))

    def _bring(self, file: Path) -> bool:
        """Bring a file and delete it here; whether S3 took it. One that is being written stays as it is."""
        with taken(file) as content:
            if content is None:
                return False
            if content:
                self._put(key_of(file), content)
            file.unlink()
            return bool(content)

    def _say(self, error: Exception) -> None:
        if self._now() >= self._next:
            self._next = self._now() + SAID_EVERY
            files, size = waiting(self._place)
            log.error("capture: %d bytes in %d files wait for S3: %s", size, files, _first_line(error))


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:300]}"
