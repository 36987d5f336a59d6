"""A verdict and its reasons, as values and as words. Deciding is `release/judge/judge.py`'s."""

import math
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Decision(StrEnum):
    """What may happen to the candidate."""

    PASS = "PASS"  # noqa: S105  it is a verdict
    """Proven within every PASS margin."""
    FAIL = "FAIL"
    """Proven beyond a FAIL margin. Final."""
    HOLD = "HOLD"
    """Neither is proven, or the evidence is missing."""


@dataclass(frozen=True)
class Reason:
    """What one question says. Means are shares in [0, 1]; bounds are of candidate - times x live."""

    metric: str
    question: str
    says: str
    candidate: float
    live: float
    requests: int
    live_requests: int
    margin: str
    at_least: float | None
    """Anytime-valid lower bound of the excess (candidate - fail_times x live); None before any stake."""
    at_most: float | None
    """Anytime-valid upper bound of the excess (candidate - pass_times x live); None before any stake."""
    fail_evidence: float
    """Log of the FAIL e-process's share of what is needed: 0 decides."""
    pass_evidence: float | None
    """Log of the PASS e-process as a share of what is needed: 0 or more is proven."""
    state: str
    """"beyond", "within", "undecided" or "no evidence"."""
    needs: int | None
    """Further candidate requests that would decide it if things stay as they are; None if they would not."""

    def line(self) -> str:
        """One line for people."""
        if self.requests == 0:
            return f"{self.question}: no evidence"
        band = ""
        if self.at_least is not None and self.at_most is not None and math.isfinite(self.at_most):
            band = f", excess {_share(self.at_least)} to {_share(self.at_most)}"
        tail = f"; about {self.needs:,} more requests decide it" if self.needs else ""
        return (
            f"{self.question}: {self.state}: {_share(self.candidate)} beside {_share(self.live)} {self.says}"
            f" in {self.requests:,}{band}; {self.margin}{tail}"
        )


def _share(value: float) -> str:
    return f"{100 * value:.3g} %"


@dataclass(frozen=True)
class Verdict:
    """The judge's decision at one moment."""

    decision: Decision
    because: str
    """What decided, or what PASS waits for, in one line."""
    seconds: float
    """Time covered by evidence of both variants."""
    requests: int
    """Requests of the candidate that were judged."""
    live_requests: int
    reasons: tuple[Reason, ...] = ()
    set_aside: dict[str, int] = field(default_factory=dict)
    """Windows that could not be used, counted by cause."""

    def record(self) -> dict[str, Any]:
        """As JSON data, for the ledger and `--json`."""
        return {**asdict(self), "decision": self.decision.value, "lines": [r.line() for r in self.reasons]}
