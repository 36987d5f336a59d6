"""The process that brings kept files to S3: forked beside the workers, so that none of them waits for it.

It takes every file that nobody writes any more, of workers that are gone too. One that cannot be brought now
stays and is tried again. It ends when all others of the container have ended and nothing is left, or at once
when it was told the last time.
"""

import logging
import select
import signal
import time
from pathlib import Path

from model.serving.capture import spool
from model.serving.capture.spool import SUFFIX, key_of, taken
from model.serving.capture.store import Destination
from model.serving.keeping import Keeping

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
AGAIN_SECONDS = 10.0
"""How long S3 is left alone after it took something not."""
LAST_SECONDS = 28.0
"""SageMaker kills a container 30 s after SIGTERM."""


def ship(keeping: Keeping, others: int) -> None:
    """Bring files to S3 until the pipe `others` has ended, and what there is then."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # what the workers still write comes after it
    place = spool.folder(keeping)
    destination = Destination(keeping)
    wait = LOOK_SECONDS
    while not select.select([others], [], [], wait)[0]:
        wait = AGAIN_SECONDS if bring(place, destination) else LOOK_SECONDS
    end = time.monotonic() + LAST_SECONDS
    while bring(place, destination) and time.monotonic() < end:
        time.sleep(LOOK_SECONDS / 4)


def bring(place: Path, destination: Destination) -> int:
    """Bring what can be brought; returns how many files could not be."""
    left = 0
    for file in sorted(place.glob(f"[!.]*{SUFFIX}")):
        with taken(file) as content:
            if content is None:
                continue  # it is being written
            try:
                if content:
                    destination.put(key_of(file), content)
            except Exception as error:
                left += 1
                log.error("capture: %d bytes wait for S3: %s", len(content), _first_line(error))
                continue
            file.unlink()
    return left


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:300]}"
