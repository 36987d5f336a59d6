"""A verdict and its reasons, as values and as words. Deciding is `release/judge/judge.py`'s."""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from release.domain.captures import aside_words


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
    """What one metric says, by the question that tells most of it.

    Means are shares in [0, 1]. Bounds are of the candidate's mean minus the margin's multiple of live's.
    """

    metric: str
    question: str
    says: str
    candidate: float
    live: float
    requests: int
    live_requests: int
    fails: str
    """The FAIL margin in words."""
    at_least: float | None
    """Lower bound of what the FAIL margin is compared with, valid at any moment; None without evidence."""
    passes: str | None
    """The PASS margin in words."""
    at_most: float | None
    """Upper bound of what the PASS margin is compared with, valid at any moment; None without evidence."""
    fail_evidence: float | None
    """Log of the FAIL evidence over what is needed: proven at 0. None while noise may explain it."""
    pass_evidence: float | None
    """Log of the PASS evidence over what is needed: proven at 0 or more."""
    state: str
    """"beyond", "within", "undecided" or "no evidence"."""
    needs: int | None
    """Further candidate requests that would decide it if things stay as they are; None if they would not."""
    detail: str = ""
    """What was seen in the metric's own unit, such as milliseconds."""

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
    """Windows and captured answers that could not be used, counted by cause."""

    def aside(self) -> list[str]:
        """What was set aside, for people."""
        return [aside_words(cause, count) for cause, count in self.set_aside.items()]

    def record(self) -> dict[str, Any]:
        """As JSON data, for the ledger and `--json`: numbers are rounded, None where not finite."""
        told = {
            "decision": self.decision.value,
            "reasons": [vars(reason) for reason in self.reasons],
            "lines": [reason.line() for reason in self.reasons],
        }
        return {key: _json(value) for key, value in (vars(self) | told).items()}


def _json(value: Any) -> Any:
    """JSON has neither NaN nor infinity."""
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
