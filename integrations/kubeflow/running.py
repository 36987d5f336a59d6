"""What a component does: a task's one command in the project's folder, within its limit, and its answer.

A pipeline's own retries know no exit codes, so a command is tried again here, where another try is worth it.
"""

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from release.domain.retraining_tasks import (
    BY_NAME,
    GRACE_SECONDS,
    PARAMETERS,
    STAGES,
    WORDS,
    Ending,
    commands,
)


class TaskFailedError(Exception):
    """A task did not end well; its log above says why."""


def run(name: str, project: Path, retry_seconds: float) -> Mapping[str, Any]:
    """Run a task; what its command answered as JSON, or nothing. Raises TaskFailedError, UsageError."""
    task = BY_NAME[name]
    command = commands(*(_yaml(project / file) for file in (PARAMETERS, STAGES)))[name]
    tries = range(task.retries, -1, -1)
    for left in tries:
        code, said = _ended(command, project, task.minutes * 60)
        ending = task.ending(code)
        if ending is Ending.DONE:
            return answer(said)
        told = f"{' '.join(command)} ended with {code}. {WORDS[ending]}"
        if ending is not Ending.AGAIN or not left:
            raise TaskFailedError(told)
        print(f"{told} Tries left: {left}.", flush=True)
        time.sleep(retry_seconds)
    raise AssertionError("the last try returns or raises")


def answer(said: str) -> Mapping[str, Any]:
    """The last line of JSON in what a command said; nothing where there is none."""
    lines = [line for line in said.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else {}


def _yaml(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _ended(command: Sequence[str], project: Path, seconds: float) -> tuple[int, str]:
    """The command's exit code and what it said on stdout; what it tells people goes to the log meanwhile."""
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True)
    try:
        said, _ = process.communicate(timeout=seconds)
    except BaseException as end:
        process.terminate()
        try:
            said, _ = process.communicate(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
        if not isinstance(end, subprocess.TimeoutExpired):
            raise
        print(f"It took longer than {seconds / 60:.0f} minutes, and was ended.", flush=True)
    print(said, end="", flush=True)
    return process.returncode, said
