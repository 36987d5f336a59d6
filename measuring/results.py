"""What one load measured, as a value."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What a load generator saw. `errors` are answers other than 200 and broken connections."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: int

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return max(self.requests - self.errors, 0) / self.seconds
