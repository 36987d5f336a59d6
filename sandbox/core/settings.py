"""What one sandbox is told at its start, and where its files lie.

Values and paths only: nothing here touches the disk or the network.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ACCOUNT = "123456789012"
"""The one account that moto answers for unless a client's key says otherwise."""

REGION = "us-east-1"
"""The region that `sandbox env` exports; every region answers."""

HOST = "127.0.0.1"
"""The only address that the sandbox listens on."""


class SandboxError(Exception):
    """A failure that explains itself: cause, consequence and next step, one line each."""

    def __init__(self, *lines: str, exit_code: int = 2) -> None:
        super().__init__("\n".join(lines))
        self.exit_code = exit_code


@dataclass(frozen=True)
class Settings:
    """The options of `sandbox up`. Times are in real seconds unless they say otherwise."""

    home: Path
    port: int = 0
    """0 picks a free port."""
    time_scale: float = 60.0
    """Seconds of SageMaker's waiting (bake, termination wait) that pass in one real second."""
    instance_cap: int = 2
    """Model servers that really run for one variant; instances above it are counted, not started."""
    ping_timeout: float = 30.0
    """How long a new instance may take to answer its first ping; SageMaker gives it minutes."""
    runtime: Literal["process", "container"] = "process"
    """What runs the images: the host's Python, or a container engine."""
    container_memory: str = "2g"
    """Memory of one container, in the engines' words; a server that takes more is killed."""
    end_with_stdin: bool = False
    """Stop when stdin ends: whoever holds its other end is gone."""

    @property
    def record(self) -> Path:
        """The JSON record of the running sandbox."""
        return self.home / "sandbox.json"

    @property
    def lock(self) -> Path:
        """Locked for as long as a sandbox of this home lives."""
        return self.home / "sandbox.lock"

    @property
    def log(self) -> Path:
        """What the daemon prints."""
        return self.home / "logs" / "sandbox.log"

    @property
    def endpoint_logs(self) -> Path:
        """One file per instance: `<endpoint>/<variant>-<instance>.log`."""
        return self.home / "logs" / "endpoints"

    @property
    def registry(self) -> Path:
        """The registry's blobs; emptied at every start, as the AWS state is."""
        return self.home / "registry"

    @property
    def images(self) -> Path:
        """Unpacked images by manifest digest; kept between runs."""
        return self.home / "images"

    @property
    def models(self) -> Path:
        """Unpacked model artifacts by SHA-256; kept between runs."""
        return self.home / "models"

    @property
    def python(self) -> Path:
        """A folder with `python` and `python3`, first on the PATH of every model server."""
        return self.home / "python"

    @property
    def jobs(self) -> Path:
        """One folder for each run of a job, while it runs."""
        return self.home / "jobs"

    @property
    def scratch(self) -> Path:
        """HOME of the model servers."""
        return self.home / "scratch"

    @property
    def pulumi_state(self) -> Path:
        """The Pulumi state; emptied at every start, since what it describes is gone."""
        return self.home / "state"

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME: plugins and workspaces apart from the user's own."""
        return self.home / "pulumi"
