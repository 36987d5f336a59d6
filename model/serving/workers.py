"""One serving process, or several that share the port (SAGEMAKER_MODEL_SERVER_WORKERS).

Several are forked before anything heavy is imported, and the kernel spreads connections over them
(SO_REUSEPORT). /ping is 200 only when all of them are ready. One that dies takes the others down, in good
order: the platform then restarts the container and says so, better than one that is silently half as large.
"""

import asyncio
import logging
import mmap
import os
import signal
import time
from dataclasses import replace
from functools import partial
from types import FrameType

from model.serving.errors import StartError
from model.serving.http.listener import listen
from model.serving.keeping import Keeping
from model.serving.server import Peers, serve
from model.serving.settings import Settings
from model.serving.telemetry.reporter import Container

log = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0
"""How long a process that died is waited with until there is another."""


class Readiness:
    """Which of `count` processes are ready, in memory that forks share."""

    def __init__(self, count: int) -> None:
        self._flags = mmap.mmap(-1, count)
        self._all = b"\1" * count

    def mark(self, index: int) -> None:
        """Process `index` is ready."""
        self._flags[index] = 1

    def everyone(self) -> bool:
        """Whether all are."""
        return self._flags[:] == self._all


def run(settings: Settings) -> int:
    """Serves until it is told to stop; the exit code: 0 every request was answered, 1 not, 2 wrong settings.

    Raises StartError in the process that called it.
    """
    if settings.workers == 1 and settings.keeping is None:
        return _work(settings, Peers())
    # The workers' sockets can share the port with anybody's; this one finds out whether somebody has it.
    with listen(settings, share_port=False) as probe:
        settings = replace(settings, port=probe.getsockname()[1])
    return _supervise(settings)


def _work(settings: Settings, peers: Peers) -> int:
    return 0 if asyncio.run(serve(settings, peers)) else 1


def _supervise(settings: Settings) -> int:
    readiness = Readiness(settings.workers)
    container = Container(settings.workers)
    parent, alive = os.pipe()
    shipper = Shipper(settings.keeping, alive)
    workers = {
        _fork(settings, _peers(readiness, container, index, parent), alive)
        for index in range(settings.workers)
    }

    def stop(_number: int, _frame: FrameType | None) -> None:
        _terminate(workers)

    # A SIGTERM before this line ends this process alone, and the workers see that on the pipe.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    worst = 0
    while workers:
        process, status = os.wait()
        if process not in workers:
            shipper.ended(process)
            continue  # as process 1 of a container this one inherits orphans
        workers.discard(process)
        code = os.waitstatus_to_exitcode(status)
        if code != 0:
            log.error("worker %d ended with %d", process, code)
            _terminate(workers)
        worst = max(worst, code if code >= 0 else 1)
    shipper.close()
    return worst


class Shipper:
    """The process that brings what is kept to S3, where anything is; forked anew should it die.

    It knows by a pipe when the workers and this process have ended, however they did; `alive` is theirs.
    """

    def __init__(self, keeping: Keeping | None, alive: int) -> None:
        self._keeping = keeping
        self._alive = alive
        self._others, self._held = os.pipe()
        self._process = self._fork() if keeping else 0

    def ended(self, process: int) -> None:
        """A child has ended; if it was this one, there is another."""
        if process == self._process:
            log.error("the process that brings what is kept to S3 has ended; another one begins")
            self._process = self._fork(AGAIN_SECONDS)

    def close(self) -> None:
        """The workers have ended: wait until what they kept is in S3, as far as it can be."""
        os.close(self._held)
        if self._process:
            os.waitpid(self._process, 0)

    def _fork(self, after: float = 0.0) -> int:
        if process := os.fork():
            return process
        code = 1
        try:
            os.close(self._held)
            os.close(self._alive)
            time.sleep(after)
            from model.serving.capture.shipper import ship  # a client of S3, which few containers need

            assert self._keeping is not None
            ship(self._keeping, self._others)
            code = 0
        except Exception:
            log.exception("what is kept cannot be brought to S3")
        finally:
            os._exit(code)


def _terminate(workers: set[int]) -> None:
    for process in workers:
        os.kill(process, signal.SIGTERM)


def _peers(readiness: Readiness, container: Container, index: int, parent: int) -> Peers:
    return Peers(True, parent, partial(readiness.mark, index), readiness.everyone, index, container)


def _fork(settings: Settings, peers: Peers, alive: int) -> int:
    """The process id of a new worker. In the worker itself this never returns."""
    if process := os.fork():
        return process
    code = 1
    try:
        os.close(alive)
        code = _work(settings, peers)
    except StartError as error:
        log.error("%s", error)
        code = error.exit_code
    except Exception:
        log.exception("worker failed")
    finally:
        os._exit(code)
