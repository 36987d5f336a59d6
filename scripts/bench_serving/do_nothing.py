"""Our server's own connection code with a constant for an answer: `-m scripts.bench_serving.do_nothing PORT`.

What Slipway adds to this is reading rows, scoring them, and telling about it.
"""

import asyncio
import signal
import sys
from pathlib import Path

from model.serving.answers import Answer
from model.serving.http.connection import Connection, Shared
from model.serving.http.listener import Listener, listen
from model.serving.settings import Settings

ANSWER = Answer(200, "application/json", b'{"predictions":[0.3094849884510040]}')
MAX_BODY = 6 * 1024 * 1024


async def main(port: int) -> None:
    """Serves until SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    settings = Settings("127.0.0.1", port, Path(), 1, MAX_BODY)
    shared = Shared(
        begin=lambda request: ANSWER,
        batch=lambda job, done: None,
        respond_in_thread=lambda request: loop.run_in_executor(None, lambda: ANSWER),
        max_body=MAX_BODY,
    )
    listener = Listener(listen(settings, share_port=False), lambda: Connection(shared))
    await stop.wait()
    await listener.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
