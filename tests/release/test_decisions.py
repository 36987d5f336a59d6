"""Gates, pre-flight, golden requests, manifest and pins: the small decisions of a release."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import gates, golden, manifest, preflight
from release.domain.errors import UsageError
from release.domain.golden import GoldenRequest
from release.domain.ledger import pins_of
from release.domain.manifest import GateResult, ImageRecord
from release.domain.pins import EndpointSettings, Instances, ReleasePin
from release.domain.preflight import RollbackFacts
from release.rollout import after_rollback, after_rollout
from tests.release import examples
from tests.release.examples import NEW, OLD, pin, settings

PROCESS = ImageRecord(digest="sha256:" + "a" * 64, size=1, runtime="process", python="3.11")


class TestGates:
    def test_a_required_gate_without_a_result_fails(self):
        results = gates.evaluate(examples.manifest(gates=()), ["auc"], loopback=False)
        assert [gate.name for gate in gates.failed(results)] == ["auc"]

    def test_a_failed_gate_counts_even_when_the_stage_does_not_ask_for_it(self):
        bad = GateResult(name="calibration", passed=False)
        assert gates.failed(gates.evaluate(examples.manifest(gates=(bad,)), [], loopback=False)) == [bad]

    def test_an_image_without_a_base_goes_to_the_sandbox_only(self):
        content = examples.manifest(image=PROCESS)
        assert gates.failed(gates.evaluate(content, ["auc"], loopback=True)) == []
        assert [g.name for g in gates.failed(gates.evaluate(content, ["auc"], loopback=False))] == ["runtime"]


class TestPreflight:
    FACTS = RollbackFacts(
        config_model=f"delays-prod-{OLD}",
        model_image=pin(OLD).image,
        model_data=pin(OLD).model,
        object_sha256=pin(OLD).sha256,
        image_present=True,
        role_present=True,
    )

    def problems(self, **changes):
        facts = dataclasses.replace(self.FACTS, **changes)
        return preflight.problems(pin(OLD), "delays-prod-cfg", f"delays-prod-{OLD}", facts)

    def test_nothing_is_in_the_way_when_all_is_there(self):
        assert self.problems() == []

    @pytest.mark.parametrize(
        "gone",
        [
            {"config_model": None},
            {"config_model": "another"},
            {"model_image": None},
            {"model_image": "repo@sha256:" + "9" * 64},
            {"model_data": "s3://elsewhere/model.tar.gz"},
            {"object_sha256": None},
            {"object_sha256": "9" * 64},
            {"image_present": False},
            {"role_present": False},
        ],
    )
    def test_each_missing_or_changed_thing_is_named(self, gone):
        assert len(self.problems(**gone)) == 1


class TestGolden:
    REQUEST = GoldenRequest(content_type="text/csv", body="x\n1\n", scores=(0.25, 0.5))

    def test_scores_are_read_from_both_formats(self):
        assert golden.scores_of(b'{"predictions": [0.25, 0.5]}', "application/json") == [0.25, 0.5]
        assert golden.scores_of(b"0.25\n0.5\n", "text/csv; charset=utf-8") == [0.25, 0.5]

    def test_equal_within_the_tolerance(self):
        assert golden.mismatch(self.REQUEST, 1e-5, [0.250004, 0.5]) is None

    @pytest.mark.parametrize("scores", [[0.25], [0.25, 0.51], [0.25, float("nan")], [0.25, float("inf")]])
    def test_everything_else_is_a_mismatch(self, scores):
        assert golden.mismatch(self.REQUEST, 1e-5, scores) is not None


class TestManifest:
    def test_the_id_follows_from_the_content_alone(self):
        assert examples.manifest().id == examples.manifest().id
        assert examples.manifest().id != examples.manifest(evaluation={"auc": 0.72}).id

    def test_it_survives_storage_and_a_changed_one_is_refused(self):
        content = examples.manifest()
        assert manifest.from_bytes(content.to_bytes(), content.id) == content
        with pytest.raises(UsageError, match="was changed"):
            manifest.from_bytes(content.to_bytes().replace(b"0.71", b"0.99"), content.id)

    def test_evidence_of_other_golden_requests_is_refused(self):
        with pytest.raises(UsageError, match="golden"):
            manifest.compose("delays", PROCESS, {"golden_sha256": "0" * 64}, b"{}")


class TestPins:
    @pytest.mark.parametrize(
        "change",
        [
            {"image": "repo:latest"},
            {"image": "repo@sha256:short"},
            {"model": "model.tar.gz"},
            {"sha256": "abc"},
            {"release": "XYZ"},
            {"capacity": 0},
        ],
    )
    def test_a_pin_that_names_no_content_is_refused(self, change):
        with pytest.raises(ValueError, match="validation error"):
            ReleasePin.model_validate(pin().model_dump() | change)

    def test_previous_without_live_is_refused(self):
        with pytest.raises(ValueError, match="go back from nothing"):
            EndpointSettings(previous=pin())

    def test_a_rollout_keeps_what_was_live_as_previous(self):
        after = after_rollout(settings(live=pin(OLD)), pin(NEW), desired=None)
        assert after.live is not None
        assert after.previous is not None
        assert (after.live["release"], after.previous["release"]) == (NEW, OLD)

    def test_a_rollout_still_names_what_was_previous(self):
        older = "aaaaaaaaaaaa"
        after = after_rollout(settings(live=pin(OLD), previous=pin(older)), pin(NEW), desired=None)
        assert after.older is not None
        assert after.older["release"] == older

    def test_the_same_release_again_keeps_the_older_previous(self):
        after = after_rollout(settings(live=pin(NEW), previous=pin(OLD)), pin(NEW), desired=None)
        assert after.previous is not None
        assert after.previous["release"] == OLD

    @given(desired=st.none() | st.integers(0, 50))
    def test_the_count_that_autoscaling_chose_is_kept_within_bounds(self, desired):
        before = settings(instances=Instances(min=2, max=8), live=pin(OLD))
        after = after_rollout(before, pin(NEW), desired)
        assert after.live is not None
        assert 2 <= after.live["capacity"] <= 8
        if desired and 2 <= desired <= 8:
            assert after.live["capacity"] == desired

    def test_a_rollback_twice_is_where_it_began_but_for_how_it_came(self):
        before = settings(live=pin(NEW), previous=pin(OLD))
        once = after_rollback(before).applied_to(before)
        twice = after_rollback(once).applied_to(before)
        assert once.live == pin(OLD, via="rollback")
        assert pins_of(twice).live == pin(NEW, via="rollback").model_dump()
