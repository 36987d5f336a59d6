"""The history that people read: who, what, and why."""

import pytest

from release.domain.ledger import (
    Approval,
    Closed,
    End,
    Entered,
    Judged,
    Opened,
    Phase,
    Refused,
    Resumed,
    Skip,
)
from release.domain.pins import Pins
from scripts.history import _why

SKIP, APPROVAL = Skip(stages=("staging",), reason="an outage"), Approval(by="ada", reason="agreed")

JUDGED = Judged(
    step=1,
    share=5,
    decision="PASS",
    because="every required metric is proven within its PASS margin",
    seconds=365.0,
    requests=3000,
    live_requests=57_000,
    windows=146,
    sha256="e" * 64,
)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (Opened(before=Pins(), after=Pins()), ""),
        (Opened(before=Pins(), after=Pins(), skip=SKIP), "without staging: an outage"),
        (
            Opened(before=Pins(), after=Pins(), skip=SKIP, approval=APPROVAL),
            "without staging: an outage; approved by ada: agreed",
        ),
        (Refused(reasons=("auc: too low", "soak: too short")), "auc: too low; soak: too short"),
        (Entered(event=Phase.REVERTING, reason="no ping"), "no ping"),
        (Closed(event=End.REVERTED, reason="no ping"), "no ping"),
        (Resumed(), ""),
        (JUDGED, "PASS at 5 %: every required metric is proven within its PASS margin"),
    ],
)
def test_every_reason_is_told(what, why):
    assert _why(what) == why
