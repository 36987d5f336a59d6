"""What a waiver lets through, by values: a quality gate that failed, until a day, and nothing else."""

from datetime import date

import pytest

from release.domain import gates, waivers
from release.domain.manifest import GateResult
from release.domain.waivers import INTEGRITY, Waiver
from tests.release.examples import AT, NEW, manifest

TODAY = date(2026, 1, 10)
AUC = GateResult(name="auc", passed=False, value=0.66, bound=0.68, reason="the AUC is 0.66 (at least 0.68)")
FAILED = manifest(
    gates=(AUC, GateResult(name="parity", passed=False), GateResult(name="log_loss", passed=True))
)


def waiver(gate: str = "auc", until: date = TODAY, by: str = "arn:aws:iam::1:user/ada") -> Waiver:
    return Waiver(gate=gate, by=by, at=AT, reason="a new airport", until=until)


def test_a_waived_gate_passes_and_says_who_why_until_when_and_what_it_said():
    found, used = waivers.applied(gates.evaluate(FAILED, ["auc"], loopback=True), FAILED, [waiver()])
    assert [one.name for one in gates.failed(found)] == ["parity"]
    assert used == (waiver(),)
    assert found[0].reason == (
        "auc waived until 2026-01-10 by user/ada: a new airport (the AUC is 0.66 (at least 0.68))"
    )


@pytest.mark.parametrize("gate", ["parity", "runtime", "soak", "schema", "approval", "fence", "log_loss"])
def test_nothing_else_is_waived_by_it(gate):
    """Not by a record that was written by hand, either."""
    results = [
        *gates.evaluate(FAILED, ["scan"], loopback=False),
        *(GateResult(name=name, passed=False) for name in ("soak", "schema", "approval", "fence")),
    ]
    found, used = waivers.applied(results, FAILED, [waiver(gate), waiver("scan")])
    assert (found, used) == (results, ())


@pytest.mark.parametrize("gate", sorted(INTEGRITY))
def test_what_proves_the_release_can_never_be_waived(gate):
    content = manifest(gates=(GateResult(name=gate, passed=False),))
    assert "nobody can waive that" in waivers.why_not(content, gate)
    assert waivers.applied(content.gates, content, [waiver(gate)]) == ([*content.gates], ())


def test_a_gate_that_passed_or_was_never_measured_is_no_gate_to_waive():
    assert "nothing to waive" in waivers.why_not(FAILED, "log_loss")
    assert "is no gate of its evidence (those that failed: auc, parity)" in waivers.why_not(FAILED, "scan")
    assert waivers.why_not(FAILED, "auc") == ""


def test_the_last_day_counts_and_the_newest_waiver_of_a_gate_does():
    kept = waivers.give(None, NEW, "prod", waiver(until=date(2026, 1, 9)))
    assert waivers.in_force(kept, TODAY) == ()
    kept = waivers.give(kept, NEW, "prod", waiver())
    kept = waivers.give(kept, NEW, "prod", waiver(by="arn:aws:iam::1:user/bob"))
    assert [one.by for one in waivers.in_force(kept, TODAY)] == ["arn:aws:iam::1:user/bob"]
    assert len(kept.given) == 3
    assert waivers.in_force(None, TODAY) == ()


def test_the_next_step_offers_it_only_where_it_would_be_enough():
    command = waivers.command(NEW, "prod", "auc", TODAY)
    soak = GateResult(name="soak", passed=False)
    assert command in gates.next_step([AUC, soak], NEW, "prod", {"auc": command})
    both = [AUC, GateResult(name="parity", passed=False)]
    assert "waive" not in gates.next_step(both, NEW, "prod", {"auc": command})
    assert "waive" not in gates.next_step([AUC], NEW, "prod")
