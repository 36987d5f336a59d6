"""The history that people read: who, what, and why."""

import pytest

from release.domain.ledger import Approval, Closed, End, Entered, Opened, Phase, Refused, Resumed, Skip
from release.domain.pins import Pins
from scripts.history import _why

SKIP, APPROVAL = Skip(stages=("staging",), reason="an outage"), Approval(by="ada", reason="agreed")


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
    ],
)
def test_every_reason_is_told(what, why):
    assert _why(what) == why
