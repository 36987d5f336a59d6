"""`make monitoring-tools`: Prometheus, promtool, Alertmanager and amtool, to monitor off AWS and for tests.

New enough ones on PATH are used (Debian: prometheus, prometheus-alertmanager). Others are built once from
their Go modules, as `scripts/setup/tools.py` builds the rest; apart from it, as no command needs them.
"""

import shutil
import sys
from pathlib import Path

from scripts.setup.tools import BIN, MODULE, Tool, build, toolchain, usable

_VERSION = "-s -w -X github.com/prometheus/common/version.Version="
_PROMETHEUS, _ALERTMANAGER = "3.13.5", "0.28.1"
_DISCOVERY = "remove_all_sd,enable_kubernetes_sd"
"""Targets by files, HTTP and Kubernetes alone: the clients of all clouds take minutes to compile."""


def _of_prometheus(name: str) -> Tool:
    return Tool(
        name,
        f"github.com/prometheus/prometheus/cmd/{name}",
        (2, 42),
        f"{_VERSION}{_PROMETHEUS}",
        MODULE / "prometheus",
        "--version",
        _DISCOVERY,
    )


def _of_alertmanager(name: str, *also: str) -> Tool:
    return Tool(
        name,
        f"github.com/prometheus/alertmanager/cmd/{name}",
        (0, 25),
        f"{_VERSION}{_ALERTMANAGER}",
        MODULE / "alertmanager",
        "--version",
        also=also,
    )


MONITORING_TOOLS = (
    _of_prometheus("promtool"),
    _of_prometheus("prometheus"),
    _of_alertmanager("amtool"),
    _of_alertmanager("alertmanager", "prometheus-alertmanager"),
)


def main() -> int:
    """Build what is missing."""
    missing = [tool for tool in MONITORING_TOOLS if not usable(tool)]
    if missing:
        with toolchain() as (go, env):
            build(missing, go, env)
    for tool in MONITORING_TOOLS:
        link(tool, BIN)
    return 0


def link(tool: Tool, folder: Path) -> None:
    """Give a program that a package installed under another name its own, in a folder."""
    own, other = shutil.which(tool.name), next(filter(None, map(shutil.which, tool.also)), None)
    if own is None and other is not None and not (folder / tool.name).exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / tool.name).unlink(missing_ok=True)
        (folder / tool.name).symlink_to(other)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
