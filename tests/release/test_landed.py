"""The landed check: every way in which SageMaker can serve something else than was pinned."""

import pytest

from release.domain.landed import (
    compare,
    desired_count,
    failure_reason,
    in_transition,
    same_variants,
    why,
)
from release.domain.plan import Split, beside_plan, config_plan
from tests.release.examples import NEW, OLD, described, description, pin

ENDPOINT = "delays-prod"
CONFIG = config_plan("prod", "delays", pin(NEW))
LIVE = CONFIG.production[0]
BESIDE = beside_plan("prod", "delays", pin(OLD), pin(NEW), Split(5))
SHADOW = beside_plan("prod", "delays", pin(OLD), pin(NEW), Split(20, shadow=True))
OTHERS = [{"ResolvedImage": f"x@{pin(OLD).digest}"}]


def test_what_is_as_pinned_has_landed():
    assert compare(ENDPOINT, CONFIG, description(CONFIG)) == []


def test_autoscaling_is_no_disagreement():
    scaled = [described(LIVE, CurrentInstanceCount=4, DesiredInstanceCount=4)]
    assert compare(ENDPOINT, CONFIG, description(CONFIG, ProductionVariants=scaled)) == []


def test_a_silent_rollback_shows_as_the_old_config():
    old = config_plan("prod", "delays", pin(OLD)).name
    found = compare(ENDPOINT, CONFIG, description(CONFIG, EndpointConfigName=old))
    assert [d.what for d in found] == ["the endpoint config"]
    assert old in str(found[0])


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"EndpointStatus": "Failed"}, "the status"),
        ({"EndpointStatus": "Updating"}, "the status"),
        ({"ProductionVariants": [described(LIVE, CurrentWeight=0.5)]}, "the weight of live"),
        ({"ProductionVariants": [described(LIVE, VariantName="other")]}, "the list of variants"),
        ({"ProductionVariants": []}, "the list of variants"),
        ({"ProductionVariants": None}, "the list of variants"),
        ({"ProductionVariants": [described(LIVE, DeployedImages=[])]}, "the image digest of live"),
        ({"ProductionVariants": [described(LIVE, DeployedImages=OTHERS)]}, "the image digest of live"),
        ({"ShadowProductionVariants": [described(LIVE)]}, "the list of shadow variants"),
    ],
)
def test_each_disagreement_is_named_and_nothing_else(changes, what):
    assert [d.what for d in compare(ENDPOINT, CONFIG, description(CONFIG, **changes))] == [what]


def test_two_images_at_once_are_not_the_pinned_one():
    both = [*OTHERS, {"ResolvedImage": f"x@{LIVE.digest}"}]
    (found,) = compare(
        ENDPOINT, CONFIG, description(CONFIG, ProductionVariants=[described(LIVE, DeployedImages=both)])
    )
    assert " and " in found.found


class TestSeveralVariants:
    def disagreements(self, config, **changes):
        return [d.what for d in compare(ENDPOINT, config, description(config, **changes))]

    def variants(self, config, which, **changes):
        every = (*config.production, *config.shadow)
        return [described(v, **(changes if v.name == which else {})) for v in every]

    def test_a_candidate_beside_live_or_in_its_shadow_has_landed_when_all_is_as_planned(self):
        assert self.disagreements(BESIDE) == self.disagreements(SHADOW) == []

    @pytest.mark.parametrize("which", ["live", "candidate"])
    @pytest.mark.parametrize(
        ("changes", "what"),
        [({"CurrentWeight": 50.0}, "the weight of"), ({"DeployedImages": []}, "the image digest of")],
    )
    def test_each_variants_weight_and_digest_are_compared(self, which, changes, what):
        found = self.variants(BESIDE, which, **changes)
        assert self.disagreements(BESIDE, ProductionVariants=found) == [f"{what} {which}"]

    def test_a_candidate_that_is_not_there_is_missed_once(self):
        only = [described(BESIDE.production[0])]
        assert self.disagreements(BESIDE, ProductionVariants=only) == ["the list of variants"]

    @pytest.mark.parametrize(
        ("changes", "what"),
        [
            ({"CurrentWeight": 1.0}, "the weight of candidate"),
            ({"DeployedImages": OTHERS}, "the image digest of candidate"),
            ({"VariantName": "else"}, "the list of shadow variants"),
        ],
    )
    def test_the_shadow_is_compared_as_well(self, changes, what):
        shadow = [described(SHADOW.shadow[0], **changes)]
        assert self.disagreements(SHADOW, ShadowProductionVariants=shadow) == [what]

    def test_a_candidate_in_production_is_not_one_in_the_shadow(self):
        found = {"ProductionVariants": self.variants(SHADOW, ""), "ShadowProductionVariants": []}
        assert self.disagreements(SHADOW, **found) == ["the list of variants", "the list of shadow variants"]

    def test_guardrails_need_the_same_variants_before_and_after(self):
        assert same_variants(CONFIG, description(CONFIG))
        assert same_variants(BESIDE, description(BESIDE))
        assert same_variants(SHADOW, description(SHADOW))
        assert not same_variants(CONFIG, description(BESIDE))
        assert not same_variants(CONFIG, description(SHADOW))
        assert not same_variants(SHADOW, description(BESIDE))
        assert not same_variants(BESIDE, description(CONFIG))


def test_a_missing_endpoint_has_not_landed_and_an_unpinned_one_should_not_be_there():
    assert [str(d) for d in compare(ENDPOINT, CONFIG, None)] == [
        "the endpoint is missing, the pin says delays-prod"
    ]
    assert compare(ENDPOINT, None, None) == []
    assert [d.what for d in compare(ENDPOINT, None, description(CONFIG))] == ["the endpoint"]


def test_why_it_did_not_land_is_one_line_with_sagemakers_own_reason():
    assert why(ENDPOINT, CONFIG, description(CONFIG)) is None
    failed = description(CONFIG, EndpointStatus="Failed", FailureReason="no ping")
    text = "the status is Failed, the pin says InService. SageMaker's reason: no ping"
    assert why(ENDPOINT, CONFIG, failed) == text
    other = description(CONFIG, ProductionVariants=[described(LIVE, DeployedImages=OTHERS)])
    short = f"sha256:{'0' * 12}…, the pin says sha256:{'3' * 12}…"
    assert why(ENDPOINT, CONFIG, other) == f"the image digest of live is {short}"


def test_the_count_that_autoscaling_chose_is_the_live_variants():
    found = description(BESIDE)
    found["ProductionVariants"][0]["DesiredInstanceCount"] = 7
    assert desired_count(found) == 7
    assert desired_count({"ProductionVariants": [found["ProductionVariants"][1]]}) is None
    assert desired_count(None) is None


@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"])
def test_states_in_which_it_is_too_early_to_compare(status):
    assert in_transition({"EndpointStatus": status})


def test_states_that_last():
    for status in ("InService", "Failed", "OutOfService", "UpdateRollbackFailed"):
        assert not in_transition({"EndpointStatus": status})
    assert not in_transition(None)
    assert failure_reason(None) == ""
