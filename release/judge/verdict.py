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
    fails: str
    """The FAIL margin in words ..."""
    at_least: float | None
    """... and the anytime-valid lower bound of what it is compared with; None before any stake."""
    passes: str | None
    """The PASS margin in words ..."""
    at_most: float | None
    """... and the anytime-valid upper bound of what it is compared with; None before any stake."""
    fail_evidence: float | None
    """Log of the FAIL e-process's share of what is needed: 0 decides. None while noise explains it."""
    pass_evidence: float | None
    """Log of the PASS e-process as a share of what is needed: 0 or more is proven."""
    state: str
    """"beyond", "within", "undecided" or "no evidence"."""
    needs: int | None
    """Further candidate requests that would decide it if things stay as they are; None if they would not."""
    detail: str = ""
    """The same in units of its own."""

    def line(self) -> str:
        """One line for people."""
        if self.requests == 0:
            return f"{self.question}: no evidence"
        seen = f"{_share(self.candidate)} beside {_share(self.live)} {self.says} in {self.requests:,}"
        seen += f" ({self.detail})" if self.detail else ""
        parts = [f"{self.question}: {self.state}: {seen}", self.fails + _bound(self.at_least, "at least")]
        if self.passes:
            parts.append(self.passes + _bound(self.at_most, "at most"))
        if self.needs:
            parts.append(f"about {self.needs:,} more requests decide it")
        return "; ".join(parts)


def _bound(value: float | None, word: str) -> str:
    return "" if value is None or not math.isfinite(value) else f" (now {word} {_share(value)})"


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
