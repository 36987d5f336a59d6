"""A quality gate that failed is waived by a person, until a day, where the stage allows it."""

import json
from datetime import date, timedelta

import pytest

from release.domain import approvals
from release.domain.errors import ReleaseFailed, UsageError
from release.domain.ledger import Opened
from release.domain.said import Caller
from release.operations.approve import approve
from release.operations.history import history
from release.operations.promote import Order, promote
from release.operations.release import Order as ReleaseOrder
from release.operations.release import release
from release.operations.report import report
from release.operations.waive import Order as Waiving
from release.operations.waive import waive
from tests.fakes.world import CI
from tests.release.operations.conftest import EVIDENCE

ADA, BOB = (f"arn:aws:iam::123456789012:user/{name}" for name in ("ada", "bob"))
AUC = {"name": "auc", "passed": False, "reason": "the AUC is 0.66 (at least 0.68)"}
PARITY = {"name": "parity", "passed": False, "reason": "the graph differs"}
UNTIL = date(2026, 1, 3)


@pytest.fixture
def released(project, dev, staging):
    """Makes a world whose trained model failed these gates, with an order to release it into dev."""

    def make(*gates, **entries):
        world = project(dev, staging, **entries)
        evidence = EVIDENCE | {"gates": list(gates)}
        (world.build / "model/evidence.json").write_text(json.dumps(evidence))
        return world, ReleaseOrder(world.build / "model")

    return make


def refused(world, order, told, match):
    """Its id."""
    with pytest.raises(ReleaseFailed, match=match) as caught:
        release(world, order, told)
    return str(caught.value).split()[1], caught.value


def test_the_refusal_names_the_command_that_lets_it_in(released, dev, told, follow):
    world, order = released(AUC, dev={"waivers": True})
    name, error = refused(world, order, told, "auc: the AUC is 0.66")
    assert f"./slipway waive {name} --stage dev --gate auc" in str(error)
    assert follow.all_of(world, error) == [0]
    assert release(world, order, told).changed
    opened = next(s.entry.what for s in dev.ledger.stored if isinstance(s.entry.what, Opened))
    [waiver] = opened.waivers
    assert (waiver.gate, waiver.by, waiver.reason, waiver.measured) == ("auc", CI, "why", AUC["reason"])
    assert dev.ledger.events[:3] == ["refused", "waived", "opened"]


def test_it_is_shown_by_the_command_the_history_and_the_report(released, dev, told):
    world, order = released(AUC, dev={"waivers": True})
    name, _ = refused(world, order, told, "auc")
    dev.caller = Caller(arn=ADA, actor="ada-at-github")
    waive(world, Waiving(name, "dev", "auc", "a new airport", UNTIL), told)
    dev.caller = Caller(arn=CI)
    release(world, order, told)
    words = "auc waived until 2026-01-03 by user/ada (CI says: ada-at-github): a new airport"
    assert words in told.text
    lines = history(world, "dev", None).rollouts
    assert [line.end for line in lines] == ["refused", "waived", "landed"]
    assert lines[1].reason == "auc until 2026-01-03, by user/ada (CI says: ada-at-github): a new airport"
    assert words in lines[2].grounds
    assert words in report(world, "dev").report.grounds
    assert json.loads(json.dumps(lines[2].values()))["waivers"][0]["until"] == "2026-01-03"


def test_after_its_last_day_it_lets_nothing_in(released, dev, told):
    world, order = released(AUC, dev={"waivers": True})
    name, _ = refused(world, order, told, "auc")
    waive(world, Waiving(name, "dev", "auc", "a new airport", UNTIL), told)
    dev.clock.seconds += timedelta(days=3).total_seconds()
    refused(world, order, told, "auc: the AUC is 0.66")
    with pytest.raises(UsageError, match="2026-01-03 is past"):
        waive(world, Waiving(name, "dev", "auc", "again", UNTIL), told)


def test_its_last_day_is_a_year_ahead_at_most(released, dev, told):
    world, order = released(AUC, dev={"waivers": True})
    name, _ = refused(world, order, told, "auc")
    with pytest.raises(UsageError, match="2027-01-02 is more than 365 days ahead") as caught:
        waive(world, Waiving(name, "dev", "auc", "a new airport", date(2027, 1, 2)), told)
    assert caught.value.next_step == "Give a day up to then: --until 2027-01-01"
    assert dev.waivers.kept == {}
    waive(world, Waiving(name, "dev", "auc", "a new airport", date(2027, 1, 1)), told)
    assert release(world, order, told).changed


def test_a_stage_allows_none_unless_it_says_so(released, dev, told):
    world, order = released(AUC, dev={"approvals": 1})
    name, error = refused(world, order, told, "auc")
    assert "waive" not in str(error)
    with pytest.raises(UsageError, match="dev allows no waivers"):
        waive(world, Waiving(name, "dev", "auc", "a new airport", UNTIL), told)
    assert dev.waivers.kept == {}


def test_one_that_was_written_while_it_was_allowed_counts_no_more(released, project, dev, staging, told):
    world, order = released(AUC, dev={"waivers": True})
    name, _ = refused(world, order, told, "auc")
    waive(world, Waiving(name, "dev", "auc", "a new airport", UNTIL), told)
    refused(released(AUC)[0], order, told, "auc: the AUC is")


def test_what_is_waived_in_one_stage_is_not_in_the_next(released, staging, told):
    world, order = released(AUC, dev={"waivers": True}, staging={"waivers": True})
    name, _ = refused(world, order, told, "auc")
    waive(world, Waiving(name, "dev", "auc", "a new airport", UNTIL), told)
    release(world, order, told)
    with pytest.raises(ReleaseFailed, match="refused by staging: auc"):
        promote(world, Order("staging"), told)


@pytest.mark.parametrize(
    ("gate", "why"), [("parity", "nobody can waive that"), ("fence", "is no gate of its evidence")]
)
def test_what_proves_a_release_is_never_waived(released, dev, told, gate, why):
    world, order = released(AUC, PARITY, dev={"waivers": True})
    name, error = refused(world, order, told, "parity")
    assert "waive" not in str(error), "auc alone would not be enough"
    with pytest.raises(UsageError, match=why):
        waive(world, Waiving(name, "dev", gate, "a new airport", UNTIL), told)


def test_a_waiver_needs_a_reason(released, dev, told):
    world, order = released(AUC, dev={"waivers": True})
    name, _ = refused(world, order, told, "auc")
    with pytest.raises(UsageError, match="A waiver needs a reason"):
        waive(world, Waiving(name, "dev", "auc", " ", UNTIL), told)


def test_who_said_yes_before_a_waiver_said_it_to_something_else(released, dev, told):
    world, order = released(AUC, dev={"waivers": True, "approvals": 1})
    name, _ = refused(world, order, told, "auc")
    waive(world, Waiving(name, "dev", "auc", "a new airport", UNTIL), told)
    dev.caller = Caller(arn=ADA)
    approve(world, "dev", name, "agreed", told)
    dev.caller = Caller(arn=BOB)
    waive(world, Waiving(name, "dev", "auc", "another reason", UNTIL), told)
    dev.caller = Caller(arn=CI)
    _, error = refused(world, order, told, "approval: .*user/ada said yes to other evidence")
    dev.caller = Caller(arn=ADA)
    assert approvals.command(name, "dev") in str(error)
    approve(world, "dev", name, "still", told)
    dev.caller = Caller(arn=CI)
    assert release(world, order, told).changed
