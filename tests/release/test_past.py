"""The past that people read: who, what, on what grounds, how it ended, and why."""

from dataclasses import replace
from typing import Any, Literal, cast

import pytest

from release.domain.approvals import Approval
from release.domain.ledger import (
    Closed,
    End,
    Entered,
    Opened,
    Payload,
    Phase,
    Refused,
    Resumed,
    Skip,
    Stored,
)
from release.domain.manifest import GateResult
from release.domain.past import LONGEST, Moved, fold, is_open, why
from release.domain.pins import Data, Pins
from tests.release.examples import AT, NEW, OLD, OTHER, history

SKIP, APPROVAL = Skip(stages=("staging",), reason="an outage"), Approval(by="ada", reason="agreed")


class Unheard(Data):
    """An event that nobody here has heard of."""

    event: Literal["unheard"] = "unheard"
    verdict: str = "PASS"
    step: int = 0


def unheard(**values: Any) -> Payload:
    return cast(Payload, Unheard(**values))


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (Opened(before=Pins(), after=Pins()), ""),
        (Opened(before=Pins(), after=Pins(), skip=SKIP), "without staging: an outage"),
        (
            Opened(before=Pins(), after=Pins(), skip=SKIP, approvals=(APPROVAL,)),
            "without staging: an outage; approved by ada: agreed",
        ),
        (Refused(reasons=("auc: too low", "soak: too short")), "auc: too low; soak: too short"),
        (Entered(event=Phase.REVERTING, reason="no ping"), "no ping"),
        (Closed(event=End.REVERTED, reason="no ping"), "no ping"),
        (Resumed(), ""),
        (unheard(), ""),
        (unheard(verdict="HOLD", step=2), "verdict: HOLD; step: 2"),
        (unheard(verdict="x" * 200), f"verdict: {'x' * LONGEST}…"),
    ],
)
def test_every_reason_is_told(what, says):
    assert why(what) == says


def test_a_rollout_is_one_line_from_its_beginning_to_its_end():
    [found] = fold("prod", history("opened", "creating", "moving", "verifying", "reconciling", "landed"))
    assert found == Moved(
        stage="prod",
        kind="promote",
        endpoint="delays",
        release=NEW,
        rollout="r1",
        at=AT,
        by="ci@ci-1",
        end="landed",
        ended=AT,
        before=OLD,
    )
    assert not is_open(found)


def test_one_that_was_taken_back_says_why_and_an_open_one_where_it_stands():
    [back] = fold("prod", history("opened", "moving", "reverting", "restoring", "reverted"))
    assert (back.end, back.reason, is_open(back)) == ("reverted", "no ping", False)
    [found] = fold("prod", history("opened", "creating", "moving"))
    assert (found.end, found.ended, is_open(found)) == ("moving", None, True)


def test_a_refusal_is_a_line_of_its_own():
    [found] = fold("prod", history("refused"))
    assert (found.end, found.reason, found.ended, is_open(found)) == ("refused", "auc: too low", AT, False)
    assert len(fold("prod", history("opened", "landed", "refused", "refused", "opened"))) == 4


def test_who_took_it_over_is_told():
    entries = history("opened", "creating", "resumed", "landed")
    taken = entries[2].entry.model_copy(update={"owner": OTHER})
    entries[2] = Stored.from_bytes(taken.to_bytes())
    [found] = fold("prod", entries)
    assert (found.by, found.resumed) == ("ci@ci-1", ("ci@ci-2",))


def test_an_event_that_nobody_here_knows_is_told_as_it_is():
    entries = history("opened", "moving", "landed")
    told = entries[1].entry.model_copy(update={"what": unheard(verdict="HOLD")})
    [found] = fold("prod", [entries[0], Stored(told, ""), entries[2]])
    assert (found.noted, found.end) == (("unheard: verdict: HOLD",), "landed")


def test_a_rollout_whose_beginning_was_not_read_is_left_out():
    assert fold("prod", history("opened", "moving", "landed")[1:]) == []


def test_grounds_are_gates_approval_and_what_was_left_out():
    [found] = fold("prod", history("refused"))
    gates = (GateResult(name="auc", passed=True), GateResult(name="parity", passed=False))
    changed = replace(found, gates=gates, skip=SKIP, approvals=(APPROVAL,))
    assert changed.grounds == (
        "1 of 2 gates passed, not parity; without staging: an outage; approved by ada: agreed"
    )
    assert replace(found, gates=gates[:1]).grounds == "1 of 1 gates passed"
    assert replace(found, gates=()).grounds == "no gate in its evidence"
    assert found.grounds == ""
    assert replace(found, end="landed").grounds == "its manifest is not here"
