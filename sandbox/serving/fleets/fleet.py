"""The instances of one variant in one deployment.

The desired count may be any number; at most `instance_cap` of them really run, the rest are counted only.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from itertools import count

from sandbox.serving.capture.records import CaptureSettings
from sandbox.serving.fleets.host import Host
from sandbox.serving.fleets.instance import PING_INTERVAL, Instance
from sandbox.serving.runtimes.container import Container


@dataclass(frozen=True)
class Mirror:
    """The shadow variant that gets a `share` (0 to 1) of a fleet's requests as copies."""

    shadow: "Fleet"
    share: float


class Fleet:
    """A variant's instances, its weight and the requests it is answering now."""

    def __init__(self, host: Host, container: Container, count_: int, weight: float) -> None:
        self.container = container
        self.variant = container.variant
        self.count = self.desired_count = count_
        self.weight = self.desired_weight = weight
        self.mirror: Mirror | None = None
        self.capture: CaptureSettings | None = None
        self.least_busy = False
        """RoutingStrategy LEAST_OUTSTANDING_REQUESTS."""
        self.in_flight = 0
        self.served = 0
        """Requests that were answered, whatever the answer."""
        self.failed = 0
        """Those of them that the container answered with an error, or not at all."""
        self.answers: Counter[int] = Counter()
        """All of them by the status that the container answered; 0 where its time was over."""
        self.instances: list[Instance] = []
        self.starting: list[Instance] = []
        self._host = host
        self._turn = count()

    @property
    def simulated(self) -> int:
        """Instances that are counted but not started."""
        return self.count - len(self.instances)

    @property
    def simulation(self) -> str:
        """What to say about instances that are counted but not started; empty when there are none."""
        if self.simulated <= 0:
            return ""
        return (
            f"{self.simulated} of {self.count} instances are simulated: the sandbox runs at most "
            f"{self._host.settings.instance_cap} model servers for a variant (--instance-cap)"
        )

    async def start(self) -> bool:
        """Start the instances; True once all of them passed their ping, False when one cannot."""
        return await self.scale(self.count)

    async def scale(self, wanted: int) -> bool:
        """Bring the fleet to `wanted` instances; as `start`, True once the new ones are healthy.

        On False the fleet is as it was before.
        """
        real = min(wanted, self._host.settings.instance_cap)
        new = [Instance(self._host, self.container) for _ in range(real - len(self.instances))]
        for instance in new:
            instance.start()
        self.starting = new
        healthy = await self._all_healthy(new)
        self.starting = []
        if not healthy:
            await asyncio.gather(*(instance.stop() for instance in new))
            return False
        surplus = self.instances[real:]
        self.instances = [*self.instances[:real], *new]
        self.count = self.desired_count = wanted
        await asyncio.gather(*(instance.stop(drain=True) for instance in surplus))
        return True

    def pick(self) -> Instance | None:
        """The next healthy instance, in turn or the least busy one, or None."""
        healthy = [i for i in self.instances if i.healthy and not i.retired]
        if self.least_busy and healthy:
            return min(healthy, key=lambda instance: instance.in_flight)
        return healthy[next(self._turn) % len(healthy)] if healthy else None

    async def stop(self, *, drain: bool = True) -> None:
        """End all instances, once the requests in flight are answered."""
        await asyncio.gather(*(instance.stop(drain=drain) for instance in self.instances))
        self.instances = []

    async def _all_healthy(self, instances: list[Instance]) -> bool:
        outcomes = [asyncio.create_task(_outcome(instance)) for instance in instances]
        clock, patience = asyncio.get_running_loop().time, self._host.settings.ping_timeout
        end, pending = clock() + patience, set(outcomes)
        try:
            while pending and clock() < end:
                _, pending = await asyncio.wait(pending, timeout=min(PING_INTERVAL, patience))
                if any(instance.container.ping_held() for instance in instances):
                    end = clock() + patience  # what a fault holds back is not late
            return not pending and all(outcome.result() for outcome in outcomes)
        finally:
            for outcome in outcomes:
                outcome.cancel()


async def _outcome(instance: Instance) -> bool:
    """True when the instance becomes healthy, False when it gives up."""
    good = asyncio.create_task(instance.ever_healthy.wait())
    bad = asyncio.create_task(instance.failed.wait())
    try:
        await asyncio.wait([good, bad], return_when=asyncio.FIRST_COMPLETED)
        return instance.ever_healthy.is_set()
    finally:
        good.cancel()
        bad.cancel()
