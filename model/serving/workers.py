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
from dataclasses import replace
from functools import partial
from types import FrameType

from model.serving.errors import StartError
from model.serving.http.listener import listen
from model.serving.server import Peers, serve
from model.serving.settings import Settings
from model.serving.telemetry.reporter import Container

log = logging.getLogger(__name__)


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
    if settings.workers == 1:
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
            continue  # as process 1 of a container this one inherits orphans
        workers.discard(process)
        code = os.waitstatus_to_exitcode(status)
        if code != 0:
            log.error("worker %d ended with %d", process, code)
            _terminate(workers)
        worst = max(worst, code if code >= 0 else 1)
    return worst


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
