"""Runs one Pulumi program: which interpreter, which arguments, and how it is stopped.

Knows nothing of gRPC. Output goes straight to this process's own stdout and stderr, which the engine
reads line by line.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

BAIL_EXIT_CODE = 32
"""The executor's exit code for "the error has been shown to the user already"."""

_STOP_GRACE_SECONDS = 2.0


@dataclass(frozen=True)
class Program:
    """What the engine says about the program to run."""

    root: Path
    """The folder of Pulumi.yaml."""
    directory: Path
    """The folder that the program runs in (Pulumi.yaml's `main`)."""
    entry_point: str
    """The file or folder to run, relative to `directory`."""
    options: Mapping[str, object] = field(default_factory=dict)
    """Pulumi.yaml's `runtime.options`."""


@dataclass(frozen=True)
class Run:
    """The settings of one run of a program."""

    project: str
    stack: str
    organization: str
    parallel: int
    dry_run: bool
    monitor: str
    engine: str
    config: Mapping[str, str]
    secret_keys: Sequence[str]
    arguments: Sequence[str] = ()


def interpreter(program: Program) -> Path:
    """Return the Python that runs the program.

    It is the one of `runtime.options.virtualenv` (relative to Pulumi.yaml's folder). Where that folder
    does not exist, as in a copy of the project, it is the Python that runs this host.
    """
    virtualenv = program.options.get("virtualenv")
    if isinstance(virtualenv, str) and virtualenv:
        folder = "Scripts" if os.name == "nt" else "bin"
        candidate = program.root / virtualenv / folder / "python"
        if candidate.exists():
            return candidate
    return Path(sys.executable)


def command(program: Program, run: Run, executor: Path) -> list[str]:
    """Return the command line that runs the program with the SDK's executor."""
    return [
        str(interpreter(program)),
        str(executor),
        *("--project", run.project),
        *("--stack", run.stack),
        *("--parallel", str(run.parallel)),
        *("--dry_run", "true" if run.dry_run else "false"),
        *("--pwd", str(program.directory)),
        *("--monitor", run.monitor),
        *("--engine", run.engine),
        *("--organization", run.organization),
        *("--root_directory", str(program.root)),
        program.entry_point,
        *run.arguments,
    ]


def environment(program: Program, run: Run, base: Mapping[str, str]) -> dict[str, str]:
    """Return the program's environment: `base`, its virtual environment active, and its config."""
    python = interpreter(program)
    env = {key: value for key, value in base.items() if key != "PYTHONHOME"}
    env["VIRTUAL_ENV"] = str(python.parent.parent)
    env["PATH"] = os.pathsep.join(filter(None, (str(python.parent), base.get("PATH"))))
    env["PULUMI_CONFIG"] = json.dumps(dict(run.config))
    env["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(run.secret_keys))
    return env


class Running:
    """The programs that run now (usually one), so that a stop reaches them."""

    def __init__(self) -> None:
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, program: Program, run: Run, executor: Path) -> int:
        """Run the program to its end and return its exit code (negative: ended by that signal).

        Raises OSError when the interpreter cannot be started.
        """
        with self._lock:
            if self._stopped:
                return -signal.SIGTERM
            process = subprocess.Popen(
                command(program, run, executor),
                env=environment(program, run, os.environ),
                cwd=program.directory,
                stdin=subprocess.DEVNULL,
            )
            self._processes.add(process)
        try:
            return process.wait()
        finally:
            with self._lock:
                self._processes.discard(process)

    def stop(self) -> None:
        """End the programs that run. SIGTERM, not SIGINT: a KeyboardInterrupt would print a traceback."""
        with self._lock:
            self._stopped = True
            processes = list(self._processes)
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(_STOP_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
