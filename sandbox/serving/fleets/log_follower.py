"""Follows the log files of instances and hands their new lines on, twice a second."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from pathlib import Path

from sandbox.processes.output import Output
from sandbox.serving.fleets.instance import Instance

INTERVAL = 0.5

KEPT_FILES = 10
"""Files of ended instances that are kept for each endpoint; their lines are in CloudWatch Logs anyway."""

Publish = Callable[[Instance, list[str]], None]


class LogFollower:
    """Remembers how far each instance's file was read."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._outputs: dict[Path, Output] = {}
        self._ended: dict[str, deque[Path]] = defaultdict(deque)

    def poll(self, instances: Iterable[Instance]) -> None:
        """Publish what was printed since the last poll; at most 1 MiB per instance and poll."""
        for instance in instances:
            output = self._outputs.setdefault(instance.log_file, Output(instance.log_file))
            lines = output.lines()
            if lines:
                self._publish(instance, lines)

    def forget(self, instance: Instance) -> None:
        """Publish an ended instance's last lines and forget its file; old files of its endpoint go."""
        lines = self._outputs.pop(instance.log_file, Output(instance.log_file)).last()
        if lines:
            self._publish(instance, lines)
        ended = self._ended[instance.container.endpoint]
        ended.append(instance.log_file)
        while len(ended) > KEPT_FILES:
            ended.popleft().unlink(missing_ok=True)
