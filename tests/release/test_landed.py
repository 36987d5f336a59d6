"""The landed check: every way in which SageMaker can serve something else than was pinned."""

import pytest

from release.domain.landed import compare, failure_reason, in_transition
from release.domain.plan import endpoint_plan
from tests.release.examples import NEW, OLD, description, pin, settings

PLAN = endpoint_plan("prod", "delays", settings(live=pin(NEW), previous=pin(OLD)))


def variant(**changes):
    return [description(PLAN)["ProductionVariants"][0] | changes]


def test_what_is_as_pinned_has_landed():
    assert compare(PLAN, description(PLAN)) == []


def test_autoscaling_is_no_disagreement():
    assert compare(PLAN, description(PLAN, ProductionVariants=variant(CurrentInstanceCount=4))) == []


def test_a_silent_rollback_shows_as_the_old_config():
    old = PLAN.configs[1].name
    found = compare(PLAN, description(PLAN, EndpointConfigName=old))
    assert [d.what for d in found] == ["the endpoint config"]
    assert old in str(found[0])


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"EndpointStatus": "Failed"}, "the status"),
        ({"ProductionVariants": variant(CurrentWeight=0.5)}, "the weight of live"),
        ({"ProductionVariants": variant(VariantName="other")}, "the list of variants"),
        ({"ProductionVariants": []}, "the list of variants"),
        ({"ProductionVariants": variant(DeployedImages=[])}, "the image digest of live"),
        (
            {"ProductionVariants": variant(DeployedImages=[{"ResolvedImage": f"x@{pin(OLD).digest}"}])},
            "the image digest of live",
        ),
    ],
)
def test_each_disagreement_is_named(changes, what):
    assert what in [d.what for d in compare(PLAN, description(PLAN, **changes))]


def test_a_missing_endpoint_has_not_landed_and_an_unpinned_one_should_not_be_there():
    assert [d.what for d in compare(PLAN, None)] == ["the endpoint"]
    empty = endpoint_plan("prod", "delays", settings())
    assert compare(empty, None) == []
    assert [d.what for d in compare(empty, description(PLAN))] == ["the endpoint"]


def test_states_in_which_it_is_too_early_to_compare():
    assert in_transition({"EndpointStatus": "RollingBack"})
    assert not in_transition({"EndpointStatus": "InService"})
    assert not in_transition(None)
    assert failure_reason(None) == ""
