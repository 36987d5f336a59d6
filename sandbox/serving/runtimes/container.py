"""What every instance of a variant, or of a transform job, runs: an image, a model, an environment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sandbox.core.clock import now
from sandbox.serving.images.store import Image

_WORKERS = "SAGEMAKER_MODEL_SERVER_WORKERS"


@dataclass(frozen=True)
class Container:
    """One container of one variant, ready to start; a transform job's is called as the job in both.

    `slow_ping` holds the first healthy ping back that many seconds, `ping_held` as long as it says so;
    `fail_ping` never lets one pass. All are faults that someone asked for.
    """

    endpoint: str
    variant: str
    config: str
    """The endpoint config that it was deployed with."""
    account: str
    region: str
    role: str
    """The ARN of the model's execution role."""
    image: Image
    specified_image: str
    resolved_image: str
    model_dir: Path
    environment: Mapping[str, str]
    log_group: str = ""
    """Where its output goes in CloudWatch Logs; "" for its endpoint's own group."""
    slow_ping: float = 0.0
    ping_held: Callable[[], bool] = lambda: False
    fail_ping: bool = False
    resolved_at: datetime = field(default_factory=now)

    def log_stream(self, source: str) -> str:
        """The stream for what `source`, an instance, prints; of a job with the time of its start (ms)."""
        stream = f"{self.variant}/{source}"
        return f"{stream}-{int(self.resolved_at.timestamp() * 1000)}" if self.log_group else stream

    @property
    def variables(self) -> dict[str, str]:
        """Its environment, and one worker where neither it nor the image says how many.

        An instance of the sandbox has one processor: all share those of this machine, and a server that takes
        one worker for each that it sees would take all of them, once for every instance.
        """
        told = any(str(pair).startswith(f"{_WORKERS}=") for pair in self.image.config.get("Env") or ())
        return {**({} if told else {_WORKERS: "1"}), **self.environment}
