"""Work for the sandbox's event loop: asked for from other threads, or begun and left to end by itself."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

CALL_LIMIT = 30.0
"""Real seconds that a call from another thread may wait for the event loop."""


class LoopWork:
    """What is done on one event loop. `close` ends what was begun and did not end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._tasks: set[asyncio.Task[None]] = set()

    def call(self, work: Callable[[], T]) -> T:
        """Run `work` on the event loop, from another thread; return, or raise, what it does."""

        async def on_loop() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result(CALL_LIMIT)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let `work` go on by itself. On the event loop."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel what has not ended, and wait until it is gone."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
