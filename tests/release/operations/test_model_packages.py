"""Stages whose releases are versions in SageMaker's Model Registry, and wait there for their approval."""

from datetime import timedelta

import pytest

from release.domain import approvals
from release.domain.errors import ReleaseFailed, UsageError
from release.domain.ledger import Opened
from release.domain.said import Caller
from release.operations.apply import apply
from release.operations.approve import approve, revoke
from release.operations.promote import Order, promote
from release.operations.release import Order as ReleaseOrder
from release.operations.release import release
from release.operations.rollback import rollback
from release.operations.status import status
from tests.fakes.world import CI
from tests.release.scenes import ENDPOINT, pins_now, serving, sure

ADA = "arn:aws:iam::123456789012:user/ada"
CONSOLE = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Approver_1/bob"


@pytest.fixture
def asking(staging):
    staging.model_packages = "approved"
    return staging


@pytest.fixture
def world(project, dev, asking, prod, coming):
    return project(dev, asking, prod, staging={"approval_days": 3})


def refused(world, told, match):
    with pytest.raises(ReleaseFailed, match=match) as caught:
        promote(world, Order("staging"), told)
    return str(caught.value)


def decided(stage, who, status="Approved", reason=""):
    """Somebody decides on the newest version in the console."""
    before, stage.caller = stage.caller, Caller(arn=who)
    stage.packages.decide(stage.packages.made[-1][1], status, reason)
    stage.caller = before


def test_a_promotion_makes_a_version_that_waits_and_an_approval_in_the_console_lets_it_in(
    world, asking, told, coming
):
    before = pins_now(asking)
    text = refused(
        world, told, "model_package: version 1 in SageMaker's Model Registry waits for its approval"
    )
    assert "Nothing is wrong with the release" in text
    assert approvals.command(coming, "staging") in text
    assert pins_now(asking) == before
    refused(world, told, "waits for its approval")
    assert len(asking.packages.made) == 1, "the same release is one version"

    decided(asking, CONSOLE, reason="read the card")
    assert promote(world, Order("staging"), told).changed
    opened = next(s.entry.what for s in asking.ledger.stored if isinstance(s.entry.what, Opened))
    assert [(one.by, one.reason) for one in opened.approvals] == [(CONSOLE, "read the card")]
    assert asking.packages.tags[ENDPOINT]["slipway:alias:staging"] == "1"


def test_a_rejection_stops_it_and_an_approval_of_whoever_made_it_does_not_count(world, asking, told, coming):
    refused(world, told, "waits")
    decided(asking, CONSOLE, "Rejected", "its slices are thin")
    text = refused(world, told, "was rejected by assumed-role/.*/bob: its slices are thin")
    assert "have somebody approve it: " + approvals.command(coming, "staging") in text
    decided(asking, CI)
    refused(world, told, "was approved by assumed-role/ci/job-7, who released it")


ROLE = "arn:aws:sts::123456789012:assumed-role/Admin/ada"


def test_the_approval_of_a_role_is_nobodys(world, asking, told):
    refused(world, told, "waits")
    decided(asking, ROLE)
    refused(world, told, "assumed-role/Admin/ada, which is a session of a role, and a role is no person")


def test_where_nobody_knows_who_released_it_whoever_approved_may_be_that_one(
    project, dev, asking, told, coming
):
    del dev.makers.kept[coming]
    alone = project(dev, asking)
    refused(alone, told, "waits")
    decided(asking, ADA)
    refused(alone, told, "nobody knows who released it")
    besides = project(dev, asking, staging={"approvals": 1})
    asking.caller = Caller(arn=ADA)
    assert approve(besides, "staging", coming, "read it", told).missing == 1, "one more, of two"


def test_what_was_approved_in_the_console_is_taken_back_and_status_tells_of_it(world, asking, told, coming):
    refused(world, told, "waits")
    [note] = [line.notes for line in status(world, ["staging"])]
    assert "version 1 in SageMaker's Model Registry waits for its approval" in " ".join(note)
    decided(asking, CONSOLE)
    said = revoke(world, "staging", coming, "not yet", told)
    assert said.words == "no approvals asked for: nobody said yes"
    refused(world, told, "was rejected by")
    with pytest.raises(UsageError, match="Nobody's yes"):
        revoke(world, "staging", coming, "not yet", told)


def test_an_approval_expires(world, asking, told):
    refused(world, told, "waits")
    decided(asking, ADA)
    asking.clock.seconds += timedelta(days=3, seconds=1).total_seconds()
    refused(world, told, "was approved more than 3 days ago")


def test_a_version_that_names_other_bytes_is_none(world, asking, told, coming):
    refused(world, told, "waits")
    decided(asking, ADA)
    other = sure(asking.pin(7))
    asking.packages.made = [
        (of, package.__class__(**(vars(package) | {"model": other.model})))
        for of, package in asking.packages.made
    ]
    refused(world, told, "version 2 in SageMaker's Model Registry waits")


def test_approve_approves_the_version_and_taking_it_back_rejects_it(world, asking, told, coming):
    asking.caller = Caller(arn=ADA)
    approve(world, "staging", coming, "read it", told)
    assert "has no version of it yet: ./slipway promote staging makes one" in told.text
    asking.caller = Caller(arn=CI)
    refused(world, told, "waits")
    asking.caller = Caller(arn=ADA)
    assert approve(world, "staging", coming, "read it", told).missing == 0
    assert "version 1 in SageMaker's Model Registry is approved by user/ada" in told.text
    [(_, package)] = asking.packages.made
    evidence = asking.approvals.kept[coming].given[-1].evidence
    assert package.reason == f"user/ada: read it (evidence {evidence[:12]})"
    assert asking.models.tags[sure(pins_now(world.stage("dev")).live).sha256]["slipway.approval.staging"] == (
        f"approved: {package.reason}"
    )
    revoke(world, "staging", coming, "not yet", told)
    asking.caller = Caller(arn=CI)
    refused(world, told, "was rejected by user/ada: user/ada: not yet")


def test_a_registry_that_cannot_be_told_of_a_yes_loses_none(world, asking, told, coming):
    refused(world, told, "waits")
    asking.caller = Caller(arn=ADA)
    asking.packages.down = "AccessDeniedException"
    asking.models.down = "nobody answers"
    found = approve(world, "staging", coming, "read it", told)
    assert (found.missing, found.enters_by) == (0, ""), "the stage waits for its version all the same"
    assert "Registry does not say so (AccessDeniedException): decide it there" in told.text
    assert "the model registry does not say so (nobody answers)" in told.text
    assert asking.approvals.kept[coming].given[-1].by == ADA


def test_nobody_is_asked_for_a_yes_where_versions_are_only_registered(world, asking, told, coming):
    asking.model_packages = "registered"
    asking.caller = Caller(arn=ADA)
    with pytest.raises(UsageError, match="asks for nobody's yes"):
        approve(world, "staging", coming, "read it", told)
    assert promote(world, Order("staging"), told).changed
    [(made, _)] = asking.packages.made
    assert made == coming


def test_a_rollback_moves_the_aliases(project, told):
    prod = serving(0, 1)
    prod.model_packages = "registered"
    world = project(serving(0, None, stage="dev"), prod)
    apply(world, "prod", None, told)
    rollback(world, "prod", None, told)
    found = [of for of, _ in prod.packages.made]
    pins = pins_now(prod)
    assert found == [sure(pins.previous).release, sure(pins.live).release]
    tags = prod.packages.tags[ENDPOINT]
    assert (tags["slipway:alias:prod"], tags["slipway:alias:champion"]) == ("2", "2")
    assert tags["slipway:alias:archived"] == "1"
    assert tags["slipway:rollout"] == prod.ledger.latest(None)[0].entry.subject.rollout


def test_a_registry_that_is_down_fails_no_rollout(project, told):
    prod = serving(0, 1)
    prod.model_packages = "registered"
    prod.packages.down = "Rate exceeded"
    world = project(serving(0, None, stage="dev"), prod)
    assert rollback(world, "prod", None, told).release == sure(pins_now(prod).live).release
    assert "SageMaker's Model Registry does not say what prod serves (Rate exceeded)" in told.text
    assert "./slipway apply prod tells it" in told.text
    prod.packages.down = ""
    apply(world, "prod", None, told)
    assert prod.packages.tags[ENDPOINT]["slipway:alias:champion"] == "1"


def test_a_release_into_a_stage_that_asks(project, tmp_path, told):
    dev = serving(None, None, stage="dev")
    dev.model_packages = "approved"
    world = project(dev)
    order = ReleaseOrder(tmp_path / "model")
    with pytest.raises(ReleaseFailed, match=r"version 1 .* waits for its approval"):
        release(world, order, told)
    assert pins_now(dev).live is None
    decided(dev, ADA)
    assert release(world, order, told).changed
