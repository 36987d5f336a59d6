"""Whether the variants got the shares of the exposures that they were to get: a check at every look. Pure.

Where they did not, something drops or sends exposures of one variant more often, and no comparison of those
that are left means anything. A chi-square test would be wrong sooner or later if it were looked at every
hour. So the counts are compared with a mixture of other shares: that ratio is an e-process, and ever reaches
1/alpha with a probability of at most alpha where the shares are right.
"""

import math
from dataclasses import dataclass

ALPHA = 0.001
"""With so small a probability a sound experiment is ever called unsound."""
SURE = 500.0
"""How near to the asked share the mixture looks: as if it had seen so many exposures."""


@dataclass(frozen=True)
class Shares:
    """How the exposures fell, and what speaks against the asked share."""

    candidate: int
    live: int
    percent: int
    most: float
    """The greatest log evidence so far against the share."""

    @property
    def wrong(self) -> bool:
        """Whether the shares are proven to be others."""
        return self.most >= math.log(1 / ALPHA)

    @property
    def chi_square(self) -> float:
        """The classical statistic, for people who know it; it holds for one look alone."""
        total, share = self.candidate + self.live, self.percent / 100
        if not total:
            return 0.0
        return (self.candidate - total * share) ** 2 / (total * share * (1 - share))


def log_evidence(candidate: float, live: float, percent: int) -> float:
    """Log ratio of a mixture of shares to the asked one."""
    from scipy.special import betaln  # a quarter of a second that no other answer needs

    share = percent / 100
    a, b = SURE * share, SURE * (1 - share)
    mixed = betaln(a + candidate, b + live) - betaln(a, b)
    return float(mixed - candidate * math.log(share) - live * math.log1p(-share))


def shares(blocks: list[tuple[int, int]], percent: int) -> Shares:
    """The check of (candidate, live) exposures block by block, in their order."""
    candidate = live = 0
    most = 0.0
    for more_candidate, more_live in blocks:
        candidate, live = candidate + more_candidate, live + more_live
        most = max(most, log_evidence(candidate, live, percent))
    return Shares(candidate, live, percent, most)
