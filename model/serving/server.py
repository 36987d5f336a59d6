"""One serving process: listens, loads the model, answers, and drains on SIGTERM. It parses nothing.

The port is open before the model is loaded, so that whoever pings meanwhile reads 503 and why.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from model.serving.application import Application, State
from model.serving.batcher import Batcher
from model.serving.http.connection import Connection, Shared
from model.serving.http.listener import Listener, listen
from model.serving.open_inference.health import WITH_A_MODEL, loading
from model.serving.settings import Settings
from model.serving.telemetry.reporter import Container, Load, Telemetry
from model.serving.transform import PATH, execution_parameters

if TYPE_CHECKING:
    from model.serving.capture.keeper import Keeper
    from model.serving.service import Service

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
DRAIN_SECONDS = 25.0
"""SageMaker kills a container 30 s after SIGTERM."""
GRACE_SECONDS = 0.25
"""While draining, an idle connection stays open this long: a request may be on its way on it."""
_DRAIN_SWEEP_SECONDS = 0.02


@dataclass(frozen=True)
class Peers:
    """What a process needs to know of the others that share its port."""

    share_port: bool = False
    parent: int | None = None
    """A pipe that ends when the parent process does."""
    ready: Callable[[], None] = lambda: None
    everyone_ready: Callable[[], bool] = lambda: True
    index: int = 0
    """Which of them this process is."""
    container: Container = field(default_factory=Container)


async def serve(settings: Settings, peers: Peers) -> bool:
    """Serves until SIGTERM or SIGINT. True when every accepted request was answered.

    Raises SettingsError when the port is taken, ArtifactError when the model cannot be loaded.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if peers.parent is not None:
        loop.add_reader(peers.parent, stop.set)
    telemetry = Telemetry(settings, peers.index, peers.container, lambda: _busy(shared))
    handlers = {
        "/metrics": telemetry.handle,
        PATH: execution_parameters(settings.workers, settings.max_body),
        **dict.fromkeys(WITH_A_MODEL, loading),
    }
    application = Application(peers.everyone_ready, handlers, settings.max_body)
    with ThreadPoolExecutor(1, "large") as pool:
        shared = Shared(
            application.begin,
            Batcher(application.finish).add,
            lambda request: loop.run_in_executor(pool, application.respond, request),
            settings.max_body,
            telemetry.answered,
        )
        listening = listen(settings, peers.share_port)
        listener = Listener(listening, lambda: Connection(shared))
        log.info("listening on %s port %d", *listening.getsockname()[:2])
        tasks = [asyncio.create_task(_sweep(shared)), asyncio.create_task(telemetry.run())]
        service = None
        try:
            if service := await _loaded(settings, application, telemetry, stop):
                tasks.append(asyncio.create_task(_hand_on(service.keeper)))
                peers.ready()
                await stop.wait()
        finally:
            application.state = State.DRAINING
            drained = await _drain(listener, shared)
            for task in tasks:
                task.cancel()
            if service is not None:
                service.keeper.close()
            telemetry.close()
    return drained


async def _loaded(
    settings: Settings, application: Application, telemetry: Telemetry, stop: asyncio.Event
) -> "Service | None":
    """Loads the model while the loop goes on. None when the server is to stop before that is done."""
    service = _in_thread(partial(_load, settings, application))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((service, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not service.done():
        return None
    found = service.result()
    telemetry.describe(
        found.models, found.missing, found.scale, lambda: (found.keeper.kept, found.keeper.lost)
    )
    application.ready(found.predictor, found.handlers)
    log.info("ready: %s", settings.model_dir)
    return found


def _in_thread(work: Callable[[], "Service"]) -> "asyncio.Future[Service]":
    """The result of `work`, done in a thread that nobody waits for: SIGTERM ends even a load that hangs."""
    result: Future[Service] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=run, name="load", daemon=True).start()
    return asyncio.wrap_future(result)


def _load(settings: Settings, application: Application) -> "Service":
    # here, in the thread: numpy and ONNX Runtime take most of the time until the server is ready
    from model.serving.service import load_service

    return load_service(
        settings.model_dir,
        lambda: application.is_ready,
        settings.max_body,
        settings.unnamed,
        settings.keeping,
    )


def _busy(shared: Shared) -> Load:
    return Load(len(shared.connections), sum(not connection.idle for connection in shared.connections))


async def _hand_on(keeper: "Keeper") -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        keeper.tick()


async def _sweep(shared: Shared) -> None:
    """Ends connections whose time is over. One task for all costs a request nothing; a timer each would."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        _expire(shared)


def _expire(shared: Shared) -> None:
    now = asyncio.get_running_loop().time()
    for connection in list(shared.connections):
        connection.expire(now)


async def _drain(listener: Listener, shared: Shared) -> bool:
    """Accepts no more, lets what has begun end, and closes. False when DRAIN_SECONDS were not enough."""
    shared.draining = True
    await listener.close()
    log.info("draining %d connections", len(shared.connections))
    for connection in shared.connections:
        connection.hurry(GRACE_SECONDS)
    end = asyncio.get_running_loop().time() + DRAIN_SECONDS
    while shared.connections and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(_DRAIN_SWEEP_SECONDS)
        _expire(shared)
    left = list(shared.connections)
    for connection in left:
        connection.abort()
    log.info("drained") if not left else log.error(
        "%d connections were cut off after %g s", len(left), DRAIN_SECONDS
    )
    return not left
