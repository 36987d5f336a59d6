"""How far the latencies of two equal variants may lie apart by themselves.

Candidate and live run on different hosts. Their log-ratio of latencies wanders by a few per cent for minutes,
which is no fault of the release, and a test that takes requests as independent knows nothing of it. The
log-ratio y of a block is modelled as

    y = effect + wander + sampling error,   wander: a stationary autoregression (sd s, time constant T)

with s unknown: 0 or 1.6 times the policy's `noise`. A Kalman filter per s gives the probability
that the effect is beyond the margin. That is only a *further* condition of FAIL, so it cannot weaken the
guarantee of the e-process, and PASS does not depend on it.
"""

import math
from dataclasses import dataclass

EFFECT_SD = 0.15
"""Prior standard deviation of the effect."""
PRIOR = ((0.0, 0.8), (1.6, 0.2))
"""Multiples of the policy's noise, and how likely each is before any evidence."""


@dataclass
class _Filter:
    """Mean and covariance of (effect, wander) for one standard deviation of the wander."""

    sd: float
    log_weight: float
    effect: float = 0.0
    wander: float = 0.0
    p_ee: float = EFFECT_SD**2
    p_ew: float = 0.0
    p_ww: float = 0.0

    def step(self, y: float, variance: float, keep: float) -> None:
        self.wander *= keep
        self.p_ew *= keep
        self.p_ww = self.p_ww * keep**2 + self.sd**2 * (1 - keep**2)
        e_gain, w_gain = self.p_ee + self.p_ew, self.p_ew + self.p_ww
        total = e_gain + w_gain + variance
        miss = y - self.effect - self.wander
        self.log_weight -= 0.5 * (math.log(total) + miss * miss / total)
        self.effect += e_gain / total * miss
        self.wander += w_gain / total * miss
        self.p_ee -= e_gain * e_gain / total
        self.p_ww -= w_gain * w_gain / total
        self.p_ew -= e_gain * w_gain / total


class Noise:
    """What is known of the candidate's effect on the log of latencies, apart from what may be noise."""

    def __init__(self, sd: float, seconds: float, block_seconds: float) -> None:
        self.keep = math.exp(-block_seconds / seconds)
        self.filters = [
            _Filter(sd * times, math.log(weight), p_ww=(sd * times) ** 2) for times, weight in PRIOR
        ]

    def add(self, log_ratio: float, variance: float) -> None:
        """One block's log-ratio of latencies and the variance of its sampling error."""
        for each in self.filters:
            each.step(log_ratio, variance, self.keep)

    def doubt(self, log_margin: float) -> float:
        """Probability that the effect is within the margin."""
        top = max(each.log_weight for each in self.filters)
        total = within = 0.0
        for each in self.filters:
            weight = math.exp(each.log_weight - top)
            z = (log_margin - each.effect) / math.sqrt(2 * each.p_ee)
            total += weight
            within += weight * 0.5 * math.erfc(-z)
        return within / total
