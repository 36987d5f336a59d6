"""Our own server without a model: `-m bench.serving.do_nothing PORT` answers a constant.

Connections, HTTP, request ids and telemetry are the server's own. What Slipway adds to this is routing a
request, reading its rows, scoring them and writing the scores.
"""

import asyncio
import signal
import sys
from pathlib import Path

from model.serving.answers import Answer
from model.serving.http.connection import Connection, Shared
from model.serving.http.listener import Listener, listen
from model.serving.settings import Settings
from model.serving.telemetry.reporter import Container, Load, Telemetry

ANSWER = Answer(200, "application/json", b'{"predictions":[0.3094849884510040]}', "", [0.309484988451004])
MAX_BODY = 6 * 1024 * 1024


async def main(port: int) -> None:
    """Serves until SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    settings = Settings("127.0.0.1", port, Path(), 1, MAX_BODY)
    telemetry = Telemetry(settings, 0, Container(), lambda: Load(len(shared.connections), 0))
    shared = Shared(
        begin=lambda request: ANSWER,
        batch=lambda job, done: None,
        respond_in_thread=lambda request: loop.run_in_executor(None, lambda: ANSWER),
        max_body=MAX_BODY,
        observe=telemetry.answered,
    )
    listener = Listener(listen(settings, share_port=False), lambda: Connection(shared))
    windows = asyncio.create_task(telemetry.run())
    await stop.wait()
    windows.cancel()
    await listener.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
