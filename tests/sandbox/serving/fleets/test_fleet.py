"""How long a fleet waits for its instances."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sandbox.serving.fleets.fleet import Fleet

PATIENCE = 0.2


@dataclass
class Starting:
    """An instance whose ping a fault holds back for some looks, and then no more: it is healthy at once."""

    looks: Iterator[bool]
    ever_healthy: asyncio.Event = field(default_factory=asyncio.Event)
    failed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def container(self) -> Any:
        return SimpleNamespace(ping_held=self._held)

    def _held(self) -> bool:
        held = next(self.looks)
        if not held:
            self.ever_healthy.set()
        return held


def healthy(instance: Any) -> bool:
    host: Any = SimpleNamespace(settings=SimpleNamespace(ping_timeout=PATIENCE))
    container = cast(Any, SimpleNamespace(variant="live"))
    return asyncio.run(Fleet(host, container, 1, 1.0)._all_healthy([instance]))


@pytest.mark.parametrize("looks", [1, 8])
def test_an_instance_that_a_fault_holds_back_is_not_late_when_it_is_let_go(looks: int) -> None:
    assert healthy(Starting(chain(repeat(True, looks), repeat(False))))


def test_one_that_nothing_holds_back_and_that_is_not_healthy_in_time_is_late() -> None:
    never = SimpleNamespace(
        container=SimpleNamespace(ping_held=lambda: False),
        ever_healthy=asyncio.Event(),
        failed=asyncio.Event(),
    )
    assert not healthy(never)
