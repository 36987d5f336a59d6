"""A line of evidence that says that no other came for a while: so a block is judged before the next windows.

Time passes in evidence only as lines come, so that the same lines give the same verdicts. Whoever follows a
rollout writes such a line among the windows where the clock has shown what no window can.
"""

import json
import math

SCHEMA = "slipway-quiet/1"


def line(seconds: float) -> str:
    """The line, in the form of an event of CloudWatch Logs: nothing came for so many seconds."""
    message = json.dumps({"schema": SCHEMA, "seconds": seconds})
    return json.dumps({"eventId": "", "logStreamName": "", "timestamp": 0, "message": message})


def seconds(text: str) -> float | None:
    """For how many seconds nothing came, by this line; None for every other line."""
    if SCHEMA not in text:
        return None
    try:
        record = json.loads(json.loads(text)["message"])
        waited = float(record["seconds"])
        return waited if record["schema"] == SCHEMA and 0 <= waited < math.inf else None
    except (ValueError, OverflowError, TypeError, KeyError, RecursionError):
        return None
