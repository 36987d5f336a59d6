"""A verdict in the words of whoever asked: one of three for Argo, a status for a hook of Flagger's. Pure.

Argo's web provider takes a 2xx that is no JSON for success, and measures an error for every other status. So
a verdict is always JSON with status 200, and what is neither PASS nor FAIL is inconclusive by the conditions
of the AnalysisTemplate.

Flagger takes 200, 201 and 202 for yes, all else for no, and asks again after 429 and 5xx where a hook has
`retries`; a no is 409.
"""

from dataclasses import dataclass
from typing import Any

from integrations.judge_service.keys import Key
from release.domain.judge_service import Hook
from release.domain.policy import Policy
from release.judge.verdict import Decision, Verdict

YES, NO = 200, 409


@dataclass(frozen=True)
class Standing:
    """What a verdict cannot know: how old its evidence is by now, and whether no more can be kept."""

    age: float
    """Seconds since both variants had reported; infinite where one never did."""
    full: bool = False


@dataclass(frozen=True)
class Answer:
    """What is told of one rollout."""

    key: Key
    decision: Decision
    because: str
    verdict: Verdict | None = None

    def record(self) -> dict[str, Any]:
        """As JSON data."""
        of = self.key.of._asdict() | {"checksum": self.key.checksum}
        told = {"decision": self.decision.value, "because": self.because, **of}
        return told | ({"verdict": self.verdict.record()} if self.verdict else {})


def answer(key: Key, verdict: Verdict, standing: Standing, policy: Policy) -> Answer:
    """The verdict, where its evidence is still fresh: a PASS that grew old proves nothing of now."""
    waits = policy.fresh_seconds + policy.grace_seconds
    if verdict.decision is Decision.PASS and standing.full:
        because = "PASS waits for evidence, of which no more can be kept"
        return Answer(key, Decision.HOLD, because, verdict)
    if verdict.decision is Decision.PASS and not -waits <= standing.age <= waits:
        because = f"PASS waits for evidence: what is known of both variants ends {standing.age:.0f} s ago"
        return Answer(key, Decision.HOLD, because, verdict)
    return Answer(key, verdict.decision, verdict.because, verdict)


def flagger_status(hook: Hook, decision: Decision, first: bool = False) -> int:
    """What Flagger is told at a hook; `first` says that the candidate has had no traffic to be judged by.

    HOLD refuses only where Flagger would give the candidate more traffic, or promote it. A `rollout` hook
    that refuses counts towards the rollback of `threshold`, and HOLD is no failed check. At `rollback`, yes
    means: roll back.
    """
    match hook:
        case Hook.ROLLBACK:
            return YES if decision is Decision.FAIL else NO
        case Hook.CONFIRM_TRAFFIC_INCREASE if first and decision is Decision.HOLD:
            return YES
        case Hook.CONFIRM_PROMOTION | Hook.CONFIRM_TRAFFIC_INCREASE:
            return YES if decision is Decision.PASS else NO
        case Hook.PRE_ROLLOUT | Hook.ROLLOUT:
            return NO if decision is Decision.FAIL else YES
        case Hook.CONFIRM_ROLLOUT | Hook.POST_ROLLOUT | Hook.EVENT:
            return YES
