"""A release that serves alone, against absolute limits: errors, invalid predictions, and slow answers.

The judge compares a candidate with live; where nothing stands beside a release (the first one of a stage,
and the bake at the end of a rollout) its rates are compared with what the stage tolerates at most. Each limit
is a one-sample question about a share of requests, answered by an e-process: for the null hypothesis that the
share is at most `limit`, the likelihood ratio of an alternative above it,

    e = (p / limit)^bad * ((1 - p) / (1 - limit))^good,

has an expectation of at most 1, so that its product over requests may be looked at whenever one likes
(Ville's inequality; Wald, "Sequential tests of statistical hypotheses", 1945). Several alternatives share the
capital.

It does not know who served before; regressions within the limits are the judge's.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from release.domain.pins import Alarms
from release.judge.cells import LATENCY_FLOOR, LATENCY_STEP, PACE_SLOW, SPANS, Counts
from release.judge.verdict import Decision, Reason, Verdict
from release.judge.windows import Refused, parse_line

Array = NDArray[np.float64]

WORSE = (2.0, 4.0, 10.0, 40.0)
"""Alternatives to "within the limit": so many times the limit."""
BETTER = (0.5, 0.2, 0.02)
"""Alternatives to "beyond the limit": such parts of the limit."""
MOST = 0.999
"""The largest limit that is asked about: nothing is worse than all requests."""
SLOW_SHARE = 0.01
"""The share of requests that may be slower than the latency limit: it is a bound on the 99th percentile."""
KEPT = "every limit is proven to be kept"
KEPT_BY_INVOCATIONS = (
    "the limits of errors and latency are proven to be kept, as SageMaker counts them; without windows "
    "nobody saw invalid predictions"
)
KEPT_BY_CAPTURES = (
    "the limits of errors and latency are proven to be kept, as SageMaker counts them; of {answers:,} "
    "captured answers {invalid:,} were not a finite number"
)
"""What a PASS says, by what it rests on."""
QUESTIONS = 4
ALPHA = BETA = 0.01
"""Probability of ever failing a release within all limits; of ever passing one beyond a limit."""


@dataclass(frozen=True)
class Limits:
    """What a release that serves alone has to keep: shares in (0, 1), the latency in seconds."""

    errors: float
    latency: float
    invalid: float = 0.01

    @staticmethod
    def of(alarms: Alarms) -> "Limits":
        """The limits of an endpoint whose alarms are these."""
        return Limits(alarms.errors_percent / 100, alarms.latency_ms / 1000)


class Alone:
    """Folds windows of one variant, in whatever order they come; asked for a verdict at any time.

    Of a container that prints none (`by_windows` False) there is what SageMaker counts, errors and latency,
    and where answers are captured, whether those are finite: `captured` says that it has to be proven.
    """

    def __init__(self, limits: Limits, by_windows: bool = True, captured: bool = False) -> None:
        self._questions = (
            _Question("errors", "answered with a 5xx", limits.errors),
            _Question("invalid", "not a finite number", limits.invalid),
            _Question("service", "not answered, as the service counts", limits.errors),
            _Question("latency", f"slower than {1000 * limits.latency:g} ms", SLOW_SHARE),
        )
        # What the service counts comes a minute late; of a container without windows it is all that comes.
        self._asked = {"errors", "invalid", "latency"} if by_windows else {"service", "latency"}
        if captured:
            self._asked.add("invalid")
        self._by_windows = by_windows
        self._captured = [0, 0]
        """Captured answers, and those of them that were not finite."""
        self._answers = "requests" if by_windows else "service"
        steps = math.log(limits.latency / LATENCY_FLOOR) / math.log(LATENCY_STEP)
        self._slow_from = max(math.ceil(steps), 0)
        self._seen: set[str] = set()
        self._from, self._to = math.inf, -math.inf
        self._requests = 0
        self._set_aside: dict[str, int] = {}
        self.block_seconds, self.stays_open = 0.0, math.inf
        """As of `Fold`: every window is judged at once."""

    def add(self, line: str) -> list[Verdict]:
        """Take a line into account; the verdict after it, or none where it says nothing new."""
        try:
            window = parse_line(line)
        except Refused as refused:
            self._set_aside[refused.refusal] = self._set_aside.get(refused.refusal, 0) + 1
            return []
        if window.id in self._seen:
            return []
        self._seen.add(window.id)
        for cause, count in window.set_aside.items():
            self._set_aside[cause] = self._set_aside.get(cause, 0) + count
        counts = window.dense()
        ok, errors = _pair(counts, "requests")
        if ok + errors + sum(_pair(counts, "service")) + sum(_pair(counts, "invalid")) == 0:
            return []
        self._from, self._to = min(self._from, window.start), max(self._to, window.end)
        self._requests += int(sum(_pair(counts, self._answers)))
        self._count(counts)
        return [self.verdict()]

    def _count(self, counts: Counts) -> None:
        ok, errors = _pair(counts, "requests")
        span = SPANS["latency"]
        slow = float(counts[min(span.start + self._slow_from, span.stop) : span.stop].sum())
        fast = float(counts[span.start : span.stop].sum()) - slow
        calm, first = _pair(counts, "clumps")
        finite, invalid = _pair(counts, "invalid")
        of_errors, of_invalid, of_service, of_latency = self._questions
        answered, unanswered = _pair(counts, "service")
        of_service.add(unanswered, answered, unanswered, answered)
        # Errors stick together: a burst is one error for FAIL, but every one of them counts for PASS.
        of_errors.add(first, calm, errors, ok)
        of_invalid.add(invalid, finite, invalid, finite)
        if not ok + errors:
            self._captured[0] += int(finite + invalid)
            self._captured[1] += int(invalid)
        paced = counts[SPANS["pace"].start : SPANS["pace"].stop]
        slow, fast = slow + float(paced[PACE_SLOW:].sum()), fast + float(paced[:PACE_SLOW].sum())
        of_latency.add(slow, fast, slow, fast)

    def verdict(self) -> Verdict:
        """FAIL when a limit is proven broken (final), PASS when all are proven kept, HOLD else."""
        told = tuple(question.reason() for question in self._questions)
        beyond = [q for q in self._questions if q.failed]
        unproven = [q.metric for q in self._questions if not q.passed and q.metric in self._asked]
        if beyond:
            decision, because = Decision.FAIL, f"{beyond[0].metric}: {beyond[0].fails}"
        elif unproven:
            lacking = f"proof of {', '.join(unproven)}" if self._requests else "any request"
            decision, because = Decision.HOLD, f"PASS waits for {lacking}"
        else:
            decision, because = Decision.PASS, self._kept()
        seconds = max(self._to - self._from, 0.0)
        return Verdict(decision, because, seconds, self._requests, 0, told, dict(self._set_aside))

    def _kept(self) -> str:
        """What a PASS rests on."""
        if self._by_windows:
            return KEPT
        answers, invalid = self._captured
        return KEPT_BY_CAPTURES.format(answers=answers, invalid=invalid) if answers else KEPT_BY_INVOCATIONS


class _Question:
    """One limit and the evidence against both answers, as logs of capital."""

    def __init__(self, metric: str, says: str, limit: float) -> None:
        self.metric, self.says, self.limit = metric, says, min(limit, MOST)
        limit = self.limit
        self.failed = False
        self._worse = np.array([min(times * limit, max(0.99, (1 + limit) / 2)) for times in WORSE])
        self._better = np.array([part * limit for part in BETTER])
        self._against, self._for = np.zeros(len(WORSE)), np.zeros(len(BETTER))
        self._bad = self._total = 0.0

    @property
    def fails(self) -> str:
        """The limit in words."""
        return f"more than {100 * self.limit:g} % {self.says}"

    @property
    def passed(self) -> bool:
        """Whether the limit is proven to be kept, so far."""
        return self._pass_evidence >= 0

    def add(self, bad: float, good: float, all_bad: float, all_good: float) -> None:
        """Requests that count against the limit and for it; all of them, where that is more."""
        self._against += _log_ratio(self._worse, self.limit, bad, good)
        self._for += _log_ratio(self._better, self.limit, all_bad, all_good)
        self._bad += all_bad
        self._total += all_bad + all_good
        self.failed = self.failed or self._fail_evidence >= 0

    @property
    def _fail_evidence(self) -> float:
        """Log of the evidence over what is needed; the questions share the probability of a mistake."""
        return _mean(self._against) - math.log(QUESTIONS / ALPHA)

    @property
    def _pass_evidence(self) -> float:
        return _mean(self._for) - math.log(1 / BETA)

    def reason(self) -> Reason:
        """What it says, for people. `live` is the limit: nothing else stands beside the release."""
        state = "beyond" if self.failed else "within" if self.passed else "undecided"
        return Reason(
            metric=self.metric,
            question=self.metric,
            says=self.says,
            candidate=self._bad / max(self._total, 1.0),
            live=self.limit,
            requests=int(self._total),
            live_requests=0,
            fails=f"fails when {self.fails}",
            at_least=None,
            passes=f"passes when less than {100 * self.limit:g} % {self.says}",
            at_most=None,
            fail_evidence=self._fail_evidence,
            pass_evidence=self._pass_evidence,
            state=state if self._total else "no evidence",
            needs=None,
        )


def _log_ratio(alternatives: Array, limit: float, bad: float | Array, good: float | Array) -> Array:
    return bad * np.log(alternatives / limit) + good * np.log((1 - alternatives) / (1 - limit))


def _mean(logs: NDArray[np.float64]) -> float:
    """Log of the mean of what `logs` are the logs of."""
    return float(np.logaddexp.reduce(logs) - math.log(logs.size))


def _pair(counts: Counts, group: str) -> tuple[float, float]:
    start = SPANS[group].start
    return float(counts[start]), float(counts[start + 1])
