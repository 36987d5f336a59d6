"""Running crane, and a registry for the time of a build. What an image holds is decided elsewhere."""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from model.image.errors import RegistryError, ToolError, last_words

PLATFORM = "linux/amd64"
_START_SECONDS = 10.0
_POLL_SECONDS = 0.01
_PORT = re.compile(r"serving on port (\d+)")
_PARENT_DEATH_SIGNAL = 1
"""prctl's PR_SET_PDEATHSIG (Linux)."""


class Crane:
    """The program at `path`, by default the one on PATH.

    `docker_config` is the folder of its credentials, by default Docker's own.
    """

    def __init__(self, path: Path | None = None, docker_config: Path | None = None) -> None:
        """Raises ToolError when there is no such program."""
        found = path or shutil.which("crane")
        if found is None or not Path(found).is_file():
            raise ToolError(
                f"crane is not at {path}." if path else "There is no crane on PATH.",
                "Nothing was built or pushed.",
                "Run make setup, which builds it.",
            )
        self.path = Path(found)
        self._docker_config = docker_config

    def run(self, *arguments: str | Path) -> bytes:
        """What crane prints. Raises RegistryError with its last line when it fails."""
        environment = dict(os.environ)
        if self._docker_config is not None:
            environment["DOCKER_CONFIG"] = str(self._docker_config)
        done = subprocess.run([self.path, *arguments], capture_output=True, env=environment)
        if done.returncode != 0:
            told = last_words(done.stderr.decode(errors="replace"), done.returncode)
            raise RegistryError(
                f"crane {arguments[0]} failed: {told}",
                "The registry holds no new image.",
                "Check that the registry can be reached with these credentials, and run again.",
            )
        return done.stdout

    @contextmanager
    def registry(self, folder: Path) -> Generator[str]:
        """`host:port` of an empty registry on the loopback, gone when the block ends or this process dies.

        `folder` is an empty folder for its blobs and its log.
        """
        log = folder / "registry.log"
        command = [self.path, "registry", "serve", "--address", "127.0.0.1:0", "--disk", folder]
        with log.open("wb") as output:
            process = subprocess.Popen(command, stderr=output, stdout=output, preexec_fn=_die_with_parent)
        try:
            yield f"127.0.0.1:{_port(process, log)}"
        finally:
            process.kill()
            process.wait()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if found := _PORT.search(log.read_text(errors="replace")):
            return int(found[1])
        time.sleep(_POLL_SECONDS)
    raise RegistryError(
        f"crane's registry did not start: {log.read_text(errors='replace').strip() or 'it said nothing'}",
        "No image was built.",
        "Run again; if that does not help, make setup builds crane anew after .tools/ is removed.",
    )


def _die_with_parent() -> None:
    """In the child: it gets SIGKILL when its parent is gone, however that ended. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
