"""An image's own layers, unpacked and run by this machine's Python: what serves is what would be released.

No container, so it runs anywhere; the container's own cost is not in what is measured.
"""

import http.client
import os
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from measuring.processes import MB, members, on_core, stop, usage
from model.image.errors import TrialError
from model.image.extracting import extract
from model.image.layout import Layout, blob

_PORT = re.compile(r"listening on 127\.0\.0\.1 port (\d+)")
_START_LIMIT = 60.0
_STOP_PATIENCE = 10.0
_POLL = 0.005
_ANSWER_LIMIT = 60.0
_SHOWN = 400


@dataclass(frozen=True)
class Served:
    """A server that answers. `start_seconds` are from its process's start to /ping 200."""

    pid: int
    port: int
    start_seconds: float

    @property
    def memory(self) -> float:
        """Resident memory now, in MiB."""
        return usage(members(self.pid)).rss * MB / (1 << 20)

    @property
    def url(self) -> str:
        """Where it takes requests."""
        return f"http://127.0.0.1:{self.port}/invocations"

    def ask(self, content_type: str, body: str) -> bytes:
        """The answer to one request. Raises TrialError for any but 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_LIMIT)
        try:
            headers = {"Content-Type": content_type, "Accept": content_type}
            connection.request("POST", "/invocations", body.encode(), headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise TrialError(
                f"The server answers {answer.status}: {content[:200].decode(errors='replace')}",
                "The requirements are as they were.",
                "Look at what changed in the requirements, or update fewer packages (--package NAME).",
            )
        return content


def unpack(image: Layout, folder: Path) -> Path:
    """The root file system of an image without a base. Raises OSError."""
    for layer in image.layers:
        with tarfile.open(blob(image.path, layer.digest)) as tar:
            extract(tar, folder)
    return folder


@contextmanager
def serving(root: Path, artifact: Path, log: Path, core: str) -> Generator[Served]:
    """The image unpacked in `root` serves the model unpacked in `artifact`, on `core`, until the block ends.

    Raises TrialError where it does not start.
    """
    program = root / "opt" / "program" / "serve"
    plain = str(Path(os.path.realpath(sys.executable)).parent)
    environment = {
        # this Python without the project's packages: the image has its own
        "PATH": os.pathsep.join((plain, os.environ.get("PATH", ""))),
        "SM_MODEL_DIR": str(artifact),
        "SAGEMAKER_BIND_TO_PORT": "0",
        "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
        "SLIPWAY_BIND_HOST": "127.0.0.1",
        "ORT_DISABLE_TELEMETRY": "1",
    }
    begun = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            on_core(core, ["python3", str(program), "serve"]),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        port = _ready(process, log, begun)
        yield Served(process.pid, port, time.monotonic() - begun)
    finally:
        stop(process, _STOP_PATIENCE)


def _ready(process: subprocess.Popen[bytes], log: Path, begun: float) -> int:
    while time.monotonic() - begun < _START_LIMIT and process.poll() is None:
        found = _PORT.search(log.read_text(errors="replace"))
        if found and _ping(int(found[1])):
            return int(found[1])
        time.sleep(_POLL)
    told = " ".join(log.read_text(errors="replace").split())[-_SHOWN:] or "it said nothing"
    raise TrialError(
        f"The image {log.stem} the update does not start: {told}",
        "The requirements are as they were.",
        "Look at what changed in the requirements, or update fewer packages (--package NAME).",
    )


def _ping(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_LIMIT)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
