"""Whether a judged rollout can come to its end at the traffic there is: asked before anything starts.

Pure. How many requests a verdict needs is `release/judge/estimate.py`'s; this says how long they take.
"""

import math

from release.domain.pins import RolloutSettings
from release.domain.policy import Policy
from release.judge.estimate import Assumptions, estimate, forgets, remembered

JUDGED = {"judged", "shadow"}


def problem(settings: RolloutSettings, policy: Policy, rate: float) -> str | None:
    """Why the first step's verdict would come too late at `rate` requests per second, or None.

    A rate of 0 is no problem known beforehand: without traffic the rollout holds and says so.
    """
    if settings.strategy not in JUDGED or rate <= 0:
        return None
    share = settings.steps[0]
    given = Assumptions(rate, share / 100)
    [passes] = [line for line in estimate(policy, given) if line.verdict == "PASS"]
    if passes.seconds <= settings.hold_seconds:
        return None
    if forgets(policy, given):
        come = (
            f"live is remembered by {remembered(policy, given):.0f} requests (judge.memory_seconds is "
            f"{policy.memory_seconds:g}), and latencies and scores are compared with "
            f"{policy.history_requests} (judge.history_requests): there would be no PASS"
        )
    elif math.isinf(passes.requests):
        come = "no number of requests is enough for a PASS"
    else:
        come = (
            f"the {passes.requests:,.0f} requests of the candidate that a PASS needs take "
            f"{words(passes.seconds)}"
        )
    at = f"{float(f'{rate:.3g}'):g} requests/s and {share} % weight"
    return f"at {at}, {come}, and a step is taken back after {words(settings.hold_seconds)}"


def too_short(settings: RolloutSettings, policy: Policy) -> str | None:
    """Why no step could ever pass, whatever the traffic, or None."""
    if settings.strategy not in JUDGED or settings.hold_seconds >= policy.min_seconds:
        return None
    return (
        f"rollout.hold_seconds is {settings.hold_seconds}, and judge.min_seconds wants "
        f"{policy.min_seconds:g} s of evidence before a PASS: every step would be taken back"
    )


def words(seconds: float) -> str:
    """A time as people say it: 4 h 10 min, 12 min, 40 s."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
