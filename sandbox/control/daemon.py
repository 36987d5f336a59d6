"""Start a sandbox that outlives its caller, and end it again.

The daemon has a session of its own and keeps none of its caller's pipes. It tells its caller over one pipe
that it is ready, or why it is not.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from sandbox.control.home import process_alive, running_record, unusable
from sandbox.core.settings import SandboxError, Settings

STOP_LIMIT = 20.0


def start(settings: Settings) -> dict[str, Any]:
    """Start the daemon and wait until it answers; returns its record.

    The record has `already_running: true` when one ran before. Raises SandboxError.
    """
    running = running_record(settings)
    if running is not None:
        return {**running, "already_running": True}
    try:
        settings.log.parent.mkdir(parents=True, exist_ok=True)
        log = settings.log.open("ab")
    except OSError as error:
        raise unusable(settings.home, error) from error
    with log:
        _, answer = spawn(_options(settings), log, subprocess.DEVNULL)
    if "error" in answer:
        raise SandboxError(*answer["error"], exit_code=answer.get("exit_code", 4))
    if answer.get("already_running"):  # another `up` was faster
        return {**(running_record(settings) or {}), "already_running": True}
    return answer


def spawn(
    arguments: Sequence[str], log: BinaryIO, stdin: int
) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """Start `python -m sandbox …` in a session of its own and wait for the one line that it answers.

    `stdin` is as for Popen; its output goes to `log`. The answer is the record of a running sandbox, or has
    `error` (lines) where it could not start.
    """
    read, write = os.pipe()
    with os.fdopen(read, "rb") as answers:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", *arguments, "--ready-fd", str(write)],
            stdin=stdin,
            stdout=log,
            stderr=log,
            pass_fds=[write],
            start_new_session=True,
        )
        os.close(write)
        line = answers.readline()
    return process, json.loads(line) if line else {"error": [f"The sandbox ended at once; see {log.name}."]}


def stop(settings: Settings) -> dict[str, Any] | None:
    """End the sandbox of this home and wait until nothing of it is left.

    Returns its record, or None when none ran. Raises SandboxError when it does not end.
    """
    record = running_record(settings)
    if record is None:
        return None
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(record["pid"], number)
        deadline = time.monotonic() + STOP_LIMIT
        while time.monotonic() < deadline:
            if not any(process_alive(record[pid]) for pid in ("pid", "supervisor_pid")):
                return record
            time.sleep(0.02)
    raise SandboxError(
        f"The sandbox (pid {record['pid']}) does not end.",
        "Its model servers may still run.",
        f"Look at {settings.log} and end the process by hand.",
        exit_code=4,
    )


def _options(settings: Settings) -> list[str]:
    return [
        *("up", "--foreground"),
        *("--home", str(settings.home)),
        *("--port", str(settings.port)),
        *("--time-scale", str(settings.time_scale)),
        *("--instance-cap", str(settings.instance_cap)),
        *("--ping-timeout", str(settings.ping_timeout)),
        *("--runtime", settings.runtime),
        *("--container-memory", settings.container_memory),
    ]
