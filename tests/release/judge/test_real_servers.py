"""One release as both variants on real servers: what was recorded is judged again.

The recording is of `make bench-judge ARGS=--real`: 150 requests/s, the candidate's share is 1 %. Its caches
are colder, so its median is .61 ms beside .45 ms.
"""

from pathlib import Path

from release.domain.policy import LatencyMargins, Policy
from release.judge.evidence import in_order
from release.judge.judge import Block, judge
from release.judge.verdict import Decision

RECORDED = Path(__file__).parent / "recorded" / "one_release_at_1pct.jsonl"


def _blocks() -> list[Block]:
    blocks, evidence = in_order(RECORDED.read_text(encoding="utf-8").splitlines(), Policy())
    assert not evidence.set_aside
    return blocks


def test_a_release_is_not_rolled_back_beside_itself() -> None:
    verdict = judge(_blocks(), Policy())
    assert verdict.decision is Decision.HOLD
    assert (verdict.requests, verdict.seconds) == (376, 245.0)
    [latency] = [reason for reason in verdict.reasons if reason.metric == "latency"]
    assert latency.fail_evidence is None or latency.fail_evidence < -3


def test_by_shares_alone_it_was() -> None:
    """The recording can tell: without the amounts, a quarter of a millisecond is a regression."""
    shares_alone = Policy(latency=LatencyMargins(plus_ms=0, tail_plus_ms=0))
    assert judge(_blocks(), shares_alone).decision is Decision.FAIL
