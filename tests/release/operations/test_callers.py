"""A release that refuses what live accepts comes into no stage whose callers do not know of it."""

import json

import pytest

from release.domain import approvals
from release.domain.errors import ReleaseFailed
from release.domain.ledger import Opened, Phase
from release.domain.plan import Split
from release.domain.said import Caller
from release.operations.approve import approve
from release.operations.promote import Order, promote
from release.operations.release import Order as ReleaseOrder
from release.operations.release import release
from release.operations.rollback import rollback
from tests.fakes.world import CI
from tests.release.operations.conftest import EVIDENCE
from tests.release.scenes import at_call, killed_at, pins_now, serving, sure

LIVE = {
    "service": "delays",
    "features": [{"name": "hour", "kind": "number"}, {"name": "dest", "kind": "category"}],
}
OTHER = {"service": "tumours", "features": [{"name": "radius", "kind": "number"}]}
MORE = LIVE | {"features": [*LIVE["features"], {"name": "wind", "kind": "number", "nullable": True}]}
WHY = "schema: it breaks what live promises: it is another service's model"


@pytest.fixture
def staging():
    return serving(7, 6, stage="staging", schema=LIVE)


@pytest.fixture
def dev():
    """It serves another service's model."""
    return serving(8, 9, stage="dev", schema=OTHER)


@pytest.fixture
def other(dev):
    return sure(pins_now(dev).live).release


def test_a_promotion_of_another_services_model_is_refused_before_anything_is_copied(
    project, dev, staging, told, other
):
    images = set(staging.registry.images)
    with pytest.raises(ReleaseFailed, match=WHY) as caught:
        promote(project(dev, staging), Order("staging"), told)
    assert f'callers_know: ["{other}"]' in str(caught.value)
    assert (staging.ledger.events, staging.sagemaker.updates) == (["refused"], [])
    assert staging.registry.images == images


def test_so_is_its_release_into_the_first_stage(project, told):
    dev = serving(7, 6, stage="dev", schema=LIVE)
    world = project(dev)
    evidence = EVIDENCE | {"input_schema": OTHER}
    (world.build / "model/evidence.json").write_text(json.dumps(evidence))
    with pytest.raises(ReleaseFailed, match=WHY):
        release(world, ReleaseOrder(world.build / "model"), told)
    assert dev.ledger.events == ["refused"]


def test_where_the_callers_know_it_lands_and_the_ledger_says_of_what(project, dev, staging, told, other):
    world = project(dev, staging, staging={"callers_know": (other,)})
    assert promote(world, Order("staging"), told).changed
    opened = staging.ledger.stored[0].entry.what
    assert isinstance(opened, Opened)
    assert "tumours reads none of the 2 features of delays" in opened.callers_know[0]
    assert "its callers know by Pulumi.yaml: it is another service's model" in told.text


def test_another_releases_name_there_lets_nothing_in(project, dev, staging, told, other):
    world = project(dev, staging, staging={"callers_know": ("0c77e1d2ab93",)})
    with pytest.raises(ReleaseFailed, match=WHY):
        promote(world, Order("staging"), told)


def test_what_it_newly_accepts_is_said(project, staging, told):
    dev = serving(8, 9, stage="dev", schema=MORE)
    assert promote(project(dev, staging), Order("staging"), told).changed
    assert "it newly accepts: wind, which may be left out" in told.text


def test_a_live_release_without_a_manifest_promises_nobody_knows_what(project, dev, staging, told, other):
    del staging.artifacts.manifests[sure(pins_now(staging).live).release]
    with pytest.raises(
        ReleaseFailed, match=r"schema: .*what live accepts is not known: Release .* has no manifest"
    ):
        promote(project(dev, staging), Order("staging"), told)


def test_what_was_let_in_and_died_goes_on_by_what_was_said_then(project, dev, staging, told, other):
    world = project(dev, staging, staging={"callers_know": (other,)})
    killed_at(staging, Phase.MOVING, lambda: promote(world, Order("staging"), told))
    assert promote(project(dev, staging), Order("staging"), told).changed


def test_the_way_back_to_another_schema_asks_nobody(project, dev, staging, told, other):
    promote(project(dev, staging, staging={"callers_know": (other,)}), Order("staging"), told)
    assert rollback(project(dev, staging), "staging", None, told).release != other


def test_a_yes_from_before_its_callers_knew_counts_no_more(project, staging, told):
    """Nor one from before something else went live, of which it breaks more."""
    dev = serving(8, 9, stage="dev", schema=LIVE)
    coming = sure(pins_now(dev).live).release
    dev.makers.kept[coming] = approvals.made(None, coming, [CI])
    staging.caller = Caller(arn="arn:aws:iam::123456789012:user/ada")
    assert approve(project(dev, staging, staging={"approvals": 1}), "staging", coming, "x", told).missing == 0
    world = project(dev, staging, staging={"approvals": 1, "callers_know": (coming,)})
    with pytest.raises(ReleaseFailed, match=r"said yes to other evidence: .* what callers know it breaks"):
        promote(world, Order("staging"), told)
    assert approve(world, "staging", coming, "x", told).missing == 0
    live = sure(pins_now(staging).live).release
    kept = staging.artifacts.manifests[live]
    staging.artifacts.manifests[live] = kept.model_copy(update={"input_schema": MORE})
    with pytest.raises(ReleaseFailed, match="said yes to other evidence"):
        promote(world, Order("staging"), told)
    assert approve(world, "staging", coming, "x", told).missing == 0
    assert promote(world, Order("staging"), told).changed
    assert not promote(world, Order("staging"), told).changed, "what is live already asks nobody anew"


@pytest.mark.parametrize("known", [True, False])
def test_golden_requests_of_live_are_not_held_against_what_its_callers_know(project, told, known):
    """Beside live, before it has traffic; one that breaks nothing is compared."""
    dev = serving(8, 9, stage="dev", schema=OTHER if known else MORE)
    rollout = {"strategy": "judged", "steps": [50]}
    staging = serving(7, 6, stage="staging", schema=LIVE, splits=(Split(0), Split(50)), rollout=rollout)
    release = sure(pins_now(dev).live).release
    world = project(dev, staging, staging={"callers_know": (release,) if known else ()})
    assert promote(world, Order("staging"), told).changed
    said = "not compared with live on golden requests: its callers know that it differs"
    assert (said in told.text) is known
    assert ("golden scores change" in told.text) is not known


def test_a_stage_of_which_nothing_is_there_any_more_promises_nothing(project, dev, staging, told, other):
    """It is made anew, and its pins go."""
    staging.sagemaker.endpoints.clear()
    staging.artifacts.there, staging.registry.address = False, None
    staging.artifacts.manifests.clear()
    staging.ledger.there = False

    def provisioned():
        staging.artifacts.there, staging.registry.address = True, "registry/slipway-staging"
        staging.ledger.there = True

    at_call(staging, "up", provisioned)
    assert promote(project(dev, staging), Order("staging"), told).changed
    assert sure(pins_now(staging).live).release == other
