"""How watching a step of a rollout ended, as the ledger has it. Pure."""

from typing import Literal

from release.domain.values import Data


class Judged(Data):
    """How watching a step ended: the verdict in short, and where the evidence for it is kept.

    `windows` and `sha256` are of the evidence so far, in the order in which it came: whoever judges it again
    under the rollout's policy comes to the same (`release/operations/judge.py`).
    """

    event: Literal["judged"] = "judged"
    step: int
    share: int
    """The candidate's share of the traffic in per cent."""
    decision: Literal["PASS", "FAIL", "HOLD"]
    because: str
    seconds: float
    requests: int
    live_requests: int
    windows: int
    sha256: str
