"""Follows the log files of instances and hands their new lines on, twice a second."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sandbox.serving.fleets.instance import Instance

INTERVAL = 0.5
_CHUNK = 1 << 20

KEPT_FILES = 10
"""Files of ended instances that are kept for each endpoint; their lines are in CloudWatch Logs anyway."""

Publish = Callable[[Instance, list[str]], None]


@dataclass
class _Position:
    """How far a file was read, and the beginning of a line that is not complete yet."""

    offset: int = 0
    rest: bytes = b""


class LogFollower:
    """Remembers how far each instance's file was read."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._positions: dict[Path, _Position] = {}
        self._ended: dict[str, deque[Path]] = defaultdict(deque)

    def poll(self, instances: Iterable[Instance]) -> None:
        """Publish what was printed since the last poll; at most 1 MiB per instance and poll."""
        for instance in instances:
            position = self._positions.setdefault(instance.log_file, _Position())
            lines = _new_lines(instance.log_file, position)
            if lines:
                self._publish(instance, lines)

    def forget(self, instance: Instance) -> None:
        """Publish an ended instance's last lines and forget its file; old files of its endpoint go."""
        self.poll([instance])
        position = self._positions.pop(instance.log_file, None)
        if position is not None and position.rest:
            self._publish(instance, [position.rest.decode(errors="replace")])
        ended = self._ended[instance.container.endpoint]
        ended.append(instance.log_file)
        while len(ended) > KEPT_FILES:
            ended.popleft().unlink(missing_ok=True)


def _new_lines(file: Path, position: _Position) -> list[str]:
    try:
        with file.open("rb") as log:
            log.seek(position.offset)
            chunk = log.read(_CHUNK)
    except FileNotFoundError:
        return []
    position.offset += len(chunk)
    *lines, position.rest = (position.rest + chunk).split(b"\n")
    return [line.decode(errors="replace") for line in lines if line]
