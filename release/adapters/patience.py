"""Passing faults of AWS, waited out: no throttling and no lost connection ends a way back.

botocore's own retries are over after some seconds, and an incident throttles for minutes. A call that AWS
throttled was not carried out, and one whose answer was lost may have been: whoever asks again has to be able
to (UpdateEndpoint refuses a second one as in progress, a conditional put is recognised by its bytes).

A first call that reaches nothing is not waited for: then the address is wrong, or nothing runs there.
"""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore import exceptions
from botocore.exceptions import ClientError

VARIABLE = "SLIPWAY_PATIENCE_SECONDS"
"""The environment variable that says how long throttling and server errors are waited out ..."""
THROTTLED_SECONDS = 900.0
"""... and how long that is without it."""
LOST_SECONDS = 60.0
"""How long lost connections are at most, once AWS has answered before."""
LONGEST_PAUSE = 15.0
THROTTLING = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException"),
        *("TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "BandwidthLimitExceeded"),
        *("ServiceUnavailable", "ServiceUnavailableException", "InternalFailure", "InternalError"),
        *("InternalServerError", "InternalServiceError", "RequestTimeout", "RequestTimeoutException"),
    }
)
"""Error codes that say "not now" (botocore's retry handlers, and S3's error responses)."""
_LOST = (exceptions.ConnectionError, exceptions.HTTPClientError)

Call = Callable[[str, Mapping[str, Any]], Any]


class Patience:
    """Makes a client's API calls wait out passing faults. One for all clients of a process."""

    def __init__(
        self,
        seconds: float | None = None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds = float(os.environ.get(VARIABLE) or THROTTLED_SECONDS) if seconds is None else seconds
        self._now, self._sleep = now, sleep
        self._reached = False

    def of(self, call: Call) -> Call:
        """The same call, asked again while a fault may pass."""

        def patient(operation: str, arguments: Mapping[str, Any]) -> Any:
            begun, pause = self._now(), 1.0
            while True:
                try:
                    answer = call(operation, arguments)
                except (ClientError, *_LOST) as error:
                    if self._now() - begun + pause > self._bears(error):
                        raise
                    self._sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
                else:
                    self._reached = True
                    return answer

        return patient

    def _bears(self, error: Exception) -> float:
        """For how many seconds a call is asked again that ended with `error`."""
        if isinstance(error, ClientError):
            self._reached = True
            return self._seconds if error.response["Error"]["Code"] in THROTTLING else 0.0
        return min(LOST_SECONDS, self._seconds) if self._reached else 0.0
