"""Runs commands as a user of a project folder does, and measures what each costs, beside a yardstick."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from demo.project import ROOT
from release.domain.errors import ServiceError

SHOWN = 1500
"""Characters of what a failed command said last."""


@dataclass(frozen=True)
class Spent:
    """Seconds of the clock, and of the processor by the command and all that it waited for."""

    wall: float
    cpu: float


@dataclass
class Timed:
    """One thing that was measured several times, and a yardstick of the same minutes."""

    what: str
    runs: list[Spent] = field(default_factory=list, kw_only=True)
    yardstick_runs: list[Spent] = field(default_factory=list, kw_only=True)

    @property
    def wall(self) -> float:
        """Median seconds."""
        return median(run.wall for run in self.runs)

    @property
    def ratio(self) -> float | None:
        """Median seconds over those of the yardstick; None without one."""
        if not self.yardstick_runs:
            return None
        return self.wall / median(run.wall for run in self.yardstick_runs)


class User:
    """Somebody with a project folder, the variables of an AWS, and a log of what the commands said."""

    def __init__(self, project: Path, variables: Mapping[str, str], log: Path) -> None:
        self.project = project
        self.env = os.environ | dict(variables)
        self._log = log

    def slipway(self, *arguments: str) -> Spent:
        """Run `./slipway …`. Raises ServiceError when it fails."""
        return self.run(str(ROOT / "slipway"), *arguments)

    def run(self, *command: str) -> Spent:
        """Run a command in the project folder. Raises ServiceError when it fails."""
        with self._log.open("ab") as log:
            log.write(f"\n$ {' '.join(command)}\n".encode())
            log.flush()
            begun = time.monotonic()
            process = subprocess.Popen(
                command,
                cwd=self.project,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            cpu = _wait(process)
        wall = time.monotonic() - begun
        if process.returncode:
            raise ServiceError(
                f"{' '.join(command)} ended with {process.returncode}: {self._last_words()}",
                "The stage is as the command left it; what was measured before is kept.",
                f"All that the commands said is in {self._log}.",
            )
        return Spent(round(wall, 3), round(cpu, 3))

    def _last_words(self) -> str:
        return " ".join(self._log.read_text(errors="replace")[-SHOWN:].split())


def _wait(process: subprocess.Popen[bytes]) -> float:
    """The processor's seconds of a process, when it has ended; interrupted, nothing of it is left."""
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime
