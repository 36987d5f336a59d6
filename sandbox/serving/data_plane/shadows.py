"""Sends copies of requests to shadow variants; their answers are recorded and then discarded."""

import asyncio
import time
from collections.abc import Callable
from random import random

from sandbox.core.asgi import Scope
from sandbox.serving.data_plane.answer import Answer
from sandbox.serving.data_plane.model_servers import ModelServers
from sandbox.serving.fleets.fleet import Fleet

MOST_AT_ONCE = 200
"""Copies under way; more are left out, so that a slow shadow cannot hold everything up."""

Record = Callable[[Fleet, Scope, bytes, Answer, tuple[float, float], str], None]
"""Records a shadow's answer: fleet, request, body, answer, seconds (container, before), event id."""


class Shadows:
    """Makes copies, and keeps track of those under way."""

    def __init__(self, servers: ModelServers, record: Record) -> None:
        self._servers = servers
        self._record = record
        self._tasks: set[asyncio.Task[None]] = set()

    def mirror(self, fleet: Fleet, scope: Scope, body: bytes, event_id: str) -> None:
        """Copy one request of a production fleet to its shadow, if its share says so. Returns at once."""
        mirror = fleet.mirror
        if mirror is None or (mirror.share < 1 and random() >= mirror.share):  # noqa: S311
            return
        if len(self._tasks) >= MOST_AT_ONCE:
            return
        task = asyncio.create_task(self._copy(mirror.shadow, scope, body, event_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _copy(self, shadow: Fleet, scope: Scope, body: bytes, event_id: str) -> None:
        started = time.perf_counter()
        answer = await self._servers.ask(shadow, shadow.pick(), scope, body)
        self._record(shadow, scope, body, answer, (time.perf_counter() - started, 0.0), event_id)
