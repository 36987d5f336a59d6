"""CloudWatch's clock: the time of metrics and of the evaluation of alarms.

It is the machine's clock, plus what someone moved it forward: a test need not wait a minute to see what an
alarm would do then. It never goes back. Logs, SageMaker's waits and all else keep the machine's time.
"""

import time
from collections.abc import Callable

MOST_AT_ONCE = 24 * 3600.0
"""Seconds that one call may move the clock; alarms look at most a day back."""


class Clock:
    """Seconds since the epoch, as CloudWatch sees them."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self.ahead = 0.0
        """Seconds that it is ahead of the machine's clock."""

    def now(self) -> float:
        """The time."""
        return self._source() + self.ahead

    def advance(self, seconds: float) -> float:
        """Move forward; returns the new time. Raises ValueError when it would go back or too far."""
        if not 0 <= seconds <= MOST_AT_ONCE:
            raise ValueError(f"advance takes 0 to {MOST_AT_ONCE:g} seconds, not {seconds!r}")
        self.ahead += seconds
        return self.now()
