"""How fast evidence grows with requests.

The estimate of a rollout, and a verdict's "about n more requests decide it", are computed from this.
"""

import numpy as np

from release.judge import bets
from release.judge.questions import Question


def per_request(
    question: Question, candidate: float, live: float, ratio: float, spread: float = 1.0
) -> float:
    """By how much a candidate request raises the log of the evidence, on average and with the best bet.

    In nats; 0 when the means are within the null hypothesis, where there is nothing to find.

    `candidate` and `live` are the true means, `ratio` live's requests per request of the candidate,
    `spread` the variance of a value as a share of mean * (1 - mean). For values of 0 and 1 the result is the
    Kullback-Leibler divergence to the null; for graded ones that is divided by the spread, which is exact
    for small effects.
    """
    one = np.ones((1, 1))
    null = bets.Null(one * question.times, one * question.plus, one * question.side)
    candidate, live = (min(max(mean, 1e-6), 1 - 1e-6) for mean in (candidate, live))
    found = bets.choose(null, one, one * max(ratio, 1e-9), one * candidate, one * live, one)
    size, centre, live_centre = (float(x[0, 0]) for x in (found.size, found.centre, found.live_centre))
    lost = float(found.live_size[0, 0])
    if size == 0:
        return 0.0

    def gain(mean: float, stake: float, at: float) -> float:
        return mean * np.log1p(stake * (1 - at)) + (1 - mean) * np.log1p(-stake * at)

    total = gain(candidate, size, centre) + (
        ratio * gain(live, -lost, live_centre) if question.times else 0.0
    )
    return max(float(total), 0.0) / spread
