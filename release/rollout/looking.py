"""Does a container print windows? Its log is read for as long as one may take to come."""

import json
from datetime import datetime

from release.domain.errors import ServiceError
from release.judge.windows import Refused, parse_line
from release.ports import LATE_SECONDS, StagePorts, Unreadable

POLL_SECONDS = 1.0
BLOCKS = 2
"""Windows come one after the other: within so many blocks one begins and ends."""


def prints_windows(ports: StagePorts, endpoint: str, variant: str, since: datetime, expected: bool) -> bool:
    """Whether a container of the variant printed a window since.

    One that is `expected` is waited for as long as logs may be late. Raises ServiceError where it is and the
    log cannot be read.
    """
    patience = BLOCKS * ports.settings.judge.block_seconds + (LATE_SECONDS if expected else 0.0)
    follower = ports.evidence.follow(endpoint, since, ())
    while True:
        trouble = ""
        try:
            if any(_is_window(line, variant) for line in follower.more()):
                return True
        except Unreadable as error:
            trouble = str(error)
        if (ports.clock.now() - since).total_seconds() >= patience:
            break
        ports.clock.sleep(POLL_SECONDS)
    if expected and trouble:
        raise ServiceError(
            f"Whether the container prints windows cannot be told: {trouble}",
            "The rollout stays where it stands.",
            "Run the same command again when the log can be read.",
        )
    return False


def _is_window(line: str, variant: str) -> bool:
    """Whether a line is a window of a container of the variant, and not one of SageMaker's counts."""
    try:
        window = parse_line(line)
    except Refused:
        return False
    counted = "service" in json.loads(json.loads(line)["message"])
    return window.variant == variant and not counted
