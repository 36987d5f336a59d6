"""How much memory this process may still take, as Linux says of machine, container and process."""

import resource
from collections.abc import Iterable
from pathlib import Path

MEMINFO = Path("/proc/meminfo")
GROUPS = Path("/sys/fs/cgroup")


def available(meminfo: Path = MEMINFO, groups: Path = GROUPS) -> int | None:
    """Bytes, the least of what is known; None where nothing is (another system than Linux)."""
    found = [*_of_machine(meminfo), *_of_container(groups), *_of_process()]
    return min(found, default=None)


def _of_machine(meminfo: Path) -> Iterable[int]:
    for line in _text(meminfo).splitlines():
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _of_container(groups: Path) -> Iterable[int]:
    """What is left of a limit on the container: version 2 of control groups, then version 1."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        most, now = _text(groups / limit).strip(), _text(groups / used).strip()
        if most.isdigit() and now.isdigit():
            yield max(0, int(most) - int(now))


def _of_process() -> Iterable[int]:
    """What is left of `ulimit -v`."""
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    pages = _text(Path("/proc/self/statm")).split()
    if most != resource.RLIM_INFINITY and pages:
        yield max(0, most - int(pages[0]) * resource.getpagesize())


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
