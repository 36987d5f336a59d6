"""Prometheus's own programs: `make monitoring-tools` builds them, and Debian's packages bring them too."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

PROMTOOL, PROMETHEUS = ("promtool",), ("prometheus",)
AMTOOL, ALERTMANAGER = ("amtool",), ("alertmanager", "prometheus-alertmanager")
"""Each by the names that it is installed under."""


def program(names: tuple[str, ...]) -> str:
    """Where a program is; without it the test is skipped, and says how to get it."""
    path = f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    found = next(filter(None, (shutil.which(name, path=path) for name in names)), None)
    if found is None:
        pytest.skip(f"there is no {names[0]}; make monitoring-tools builds it, from its Go module")
    return found


def ask(names: tuple[str, ...], *arguments: str | Path, folder: Path) -> str:
    """What a program answers; the test fails when it refuses."""
    command = [program(names), *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout
