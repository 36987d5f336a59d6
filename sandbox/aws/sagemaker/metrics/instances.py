"""Publishes what model servers use of this machine, once a minute, in /aws/sagemaker/Endpoints.

CPUUtilization (percent, 100 for each core), MemoryUtilization and DiskUtilization (percent of the machine's)
of every instance with all its processes, read from /proc. On a system without /proc nothing is published, nor
for an execution role that may not put metrics.
"""

import logging
import os
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from moto.cloudwatch.models import cloudwatch_backends

from sandbox.aws.cloudwatch.clock import Clock
from sandbox.aws.cloudwatch.metrics.api import store
from sandbox.aws.cloudwatch.metrics.distributions import of_values
from sandbox.aws.cloudwatch.metrics.store import MetricKey, Point
from sandbox.aws.sagemaker.execution_roles import ExecutionRoles
from sandbox.serving.fleets.instance import Instance

log = logging.getLogger(__name__)

NAMESPACE = "/aws/sagemaker/Endpoints"
EVERY = 60
"""Seconds of the clock."""

PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """What the processes of one group have used: CPU in seconds since they began, memory in bytes."""

    cpu: float = 0.0
    memory: int = 0


@dataclass(frozen=True)
class _Before:
    """An instance's CPU time at its last look."""

    at: float
    cpu: float


class InstanceMetrics:
    """Measures and publishes. The CPU time of the last look is kept, since a share is a difference of two.

    `poll` on the event loop; what takes long, reading /proc and folders, runs in a thread of its own.
    """

    def __init__(self, clock: Clock, roles: ExecutionRoles) -> None:
        self._clock = clock
        self._roles = roles
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="usage")
        self._seen: set[str] = set()
        self._minute = 0
        self._before: dict[str, _Before] = {}
        self._sizes: dict[Path, int] = {}

    def poll(self, instances: Iterable[Instance]) -> None:
        """Publish when a new minute has begun; the first look at an instance only begins its count."""
        now = self._clock.now()
        minute = int(now // EVERY)
        running = {instance: pid for instance in instances if (pid := instance.pid) is not None}
        known = {instance.id for instance in running}
        due, fresh = minute != self._minute, known - self._seen
        self._minute, self._seen = minute, known
        if running and (due or fresh):
            self._thread.submit(self._measure, running, due, now)

    def _measure(self, running: Mapping[Instance, int], due: bool, now: float) -> None:
        try:
            usage = usage_by_group()
            for instance, pid in running.items():
                before = self._before.get(instance.id)
                if pid not in usage or not (due or before is None):
                    continue
                self._before[instance.id] = _Before(now, usage[pid].cpu)
                if before is not None and now > before.at:
                    self._publish(instance, usage[pid], before, now)
            known = {instance.id for instance in running}
            self._before = {name: seen for name, seen in self._before.items() if name in known}
        except Exception:
            log.exception("the usage of the instances was not measured")

    def _publish(self, instance: Instance, usage: Usage, before: _Before, now: float) -> None:
        container = instance.container
        if not self._roles.may_measure(container):
            return
        dimensions = (("EndpointName", container.endpoint), ("VariantName", container.variant))
        cores = os.cpu_count() or 1
        cpu = 100 * max(usage.cpu - before.cpu, 0.0) / (now - before.at)
        image = container.image
        disk = (image.size or self._size(image.root)) + self._size(container.model_dir)
        values = {
            "CPUUtilization": min(cpu, 100.0 * cores),
            "MemoryUtilization": min(100 * usage.memory / total_memory(), 100.0),
            "DiskUtilization": 100 * disk / shutil.disk_usage(container.model_dir).total,
        }
        at = int(now) - int(now) % EVERY - EVERY  # the minute that has ended
        store(cloudwatch_backends[container.account][container.region]).put(
            Point(MetricKey(NAMESPACE, name, dimensions), at, of_values([value]), "Percent")
            for name, value in values.items()
        )

    def _size(self, folder: Path) -> int:
        """Bytes under a folder, counted once: images and models do not change."""
        if folder not in self._sizes:
            files = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
            self._sizes[folder] = sum(file.lstat().st_size for file in files)
        return self._sizes[folder]


def usage_by_group() -> dict[int, Usage]:
    """What each process group of this machine has used, by its id; ended processes are not in it."""
    found: dict[int, Usage] = {}
    if not PROC.is_dir():
        return found
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for entry in os.scandir(PROC):
        if not entry.name.isdigit():
            continue
        try:
            text = Path(entry.path, "stat").read_text(errors="replace")
        except OSError:  # it ended meanwhile
            continue
        fields = text.rpartition(")")[2].split()  # the name before may hold anything
        group, cpu, pages = int(fields[2]), sum(map(int, fields[11:15])) / tick, int(fields[21])
        before = found.get(group, Usage())
        found[group] = Usage(before.cpu + cpu, before.memory + pages * page)
    return found


def total_memory() -> int:
    """Bytes of memory of this machine."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
