"""Gates, pre-flight, golden requests, manifest and pins: the small decisions of a release."""

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import gates, golden, manifest, moves, preflight
from release.domain.errors import UsageError
from release.domain.golden import GoldenRequest
from release.domain.manifest import GateResult, ImageRecord
from release.domain.pins import EndpointSettings, Instances, Pins, ReleasePin
from release.domain.plan import config_plan
from release.domain.preflight import Facts
from tests.release import examples
from tests.release.examples import NEW, NEXT, OLD, pin, pins, settings

TOLD = {"SLIPWAY_ENDPOINT": "delays-prod"}
"""The environment of what is rolled out where the settings ask for none."""
PROCESS = ImageRecord(digest="sha256:" + "a" * 64, size=1, runtime="process", python="3.11")


def rolled_out(before: EndpointSettings, release: str, desired: int | None) -> Pins:
    return moves.after_rollout(before, pin(release), desired, "delays-prod")


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

    @pytest.mark.parametrize(("lived", "passed"), [(-1, False), (29.9, False), (30, True), (99, True)])
    def test_a_release_has_to_be_live_in_the_stage_before_for_as_long_as_the_stage_says(self, lived, passed):
        now = datetime(2026, 1, 2, tzinfo=UTC)
        gate = gates.soak_gate(30, now - timedelta(minutes=lived), now)
        assert gate.passed is passed
        assert gate.reason == f"live in the stage before for {max(int(lived), 0)} of 30 minutes"

    def test_what_nobody_knows_has_not_soaked(self):
        gate = gates.soak_gate(30, None, datetime(2026, 1, 2, tzinfo=UTC))
        assert not gate.passed
        assert "does not say since when" in gate.reason


class TestPreflight:
    FACTS = Facts(
        config_model=f"delays-prod-{OLD}",
        model_image=pin(OLD).image,
        model_data=pin(OLD).model,
        model_environment={},
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
        ("gone", "named"),
        [
            ({"config_model": None}, "endpoint config delays-prod-cfg does not exist"),
            ({"alarms_missing": ("cfg-errors",)}, "the alarm cfg-errors of the way back does not exist"),
            (
                {"config_model": "another"},
                f"endpoint config delays-prod-cfg serves another, not delays-prod-{OLD}",
            ),
            ({"model_image": None}, f"model delays-prod-{OLD} does not exist"),
            (
                {"model_image": "repo@sha256:" + "9" * 64},
                f"model delays-prod-{OLD} runs repo@sha256:{'9' * 64}, the pin says {pin(OLD).digest}",
            ),
            (
                {"model_data": "s3://elsewhere/model.tar.gz"},
                f"model delays-prod-{OLD} loads s3://elsewhere/model.tar.gz, the pin says {pin(OLD).model}",
            ),
            (
                {"model_environment": {"OMP_NUM_THREADS": "2"}},
                f"model delays-prod-{OLD} has another OMP_NUM_THREADS in its environment than the pin says",
            ),
            ({"object_sha256": None}, f"the artifact {pin(OLD).model} does not exist"),
            (
                {"object_sha256": "9" * 64},
                f"the artifact {pin(OLD).model} has SHA-256 {'9' * 64}, the pin says {pin(OLD).sha256}",
            ),
            ({"image_present": False}, f"the image {pin(OLD).image} is not in the registry"),
            ({"role_present": False}, "the execution role does not exist"),
        ],
    )
    def test_each_missing_or_changed_thing_is_named(self, gone, named):
        assert self.problems(**gone) == [named]

    def test_all_that_is_wrong_is_named_at_once(self):
        assert len(self.problems(config_model=None, image_present=False, role_present=False)) == 3

    def test_what_is_made_again_on_the_way_may_be_missing_and_nothing_else(self):
        facts = dataclasses.replace(self.FACTS, config_model=None, model_image=None, object_sha256=None)
        found = preflight.problems(pin(OLD), "delays-prod-cfg", f"delays-prod-{OLD}", facts, remake=True)
        assert found == [f"the artifact {pin(OLD).model} does not exist"]
        changed = dataclasses.replace(self.FACTS, config_model="another")
        assert preflight.problems(pin(OLD), "c", f"delays-prod-{OLD}", changed, remake=True) != []


class TestSecondFleet:
    GOAL = config_plan("prod", "delays", pin(OLD).model_copy(update={"type": "ml.m7i.large"}))
    SERVES = {  # noqa: RUF012
        "EndpointConfigName": "another",
        "ProductionVariants": [
            {"VariantName": "live", "CurrentInstanceCount": 3, "DesiredInstanceCount": 3},
            {"VariantName": "candidate", "CurrentInstanceCount": 2, "DesiredInstanceCount": 2},
        ],
    }

    @pytest.mark.parametrize(
        ("types", "enough", "too_few"),
        [
            ({"live": "ml.m7i.large", "candidate": "ml.m7i.large"}, 8, 7),
            ({"live": "ml.m7i.large", "candidate": "ml.c7i.large"}, 6, 5),
            ({"live": "ml.c7i.large", "candidate": "ml.c7i.large"}, 3, 2),
        ],
    )
    def test_it_has_the_instances_of_live_beside_those_of_its_type(self, types, enough, too_few):
        fleet = preflight.second_fleet(self.GOAL, self.SERVES, types)
        assert fleet is not None
        assert fleet.lacks(enough) is None
        assert f"may have {too_few} instances of ml.m7i.large" in (fleet.lacks(too_few) or "")

    def test_what_serves_already_needs_no_fleet(self):
        serves = self.SERVES | {"EndpointConfigName": self.GOAL.name}
        assert preflight.second_fleet(self.GOAL, serves, {}) is None
        assert preflight.second_fleet(self.GOAL, None, {}) is None


class TestGolden:
    REQUEST = GoldenRequest(content_type="text/csv", body="x\n1\n", scores=(0.25, 0.5))

    def test_scores_are_read_from_both_formats(self):
        assert golden.scores_of(b'{"predictions": [0.25, 0.5]}', "application/json") == [0.25, 0.5]
        assert golden.scores_of(b"0.25\n0.5\n", "text/csv; charset=utf-8") == [0.25, 0.5]

    def test_equal_within_the_tolerance(self):
        assert golden.mismatch(self.REQUEST, 1e-5, golden.Read([0.250004, 0.5])) is None

    @pytest.mark.parametrize("scores", [[0.25], [0.25, 0.51], [0.25, float("nan")], [0.25, float("inf")]])
    def test_everything_else_is_a_mismatch(self, scores):
        assert golden.mismatch(self.REQUEST, 1e-5, golden.Read(scores)) is not None


class TestManifest:
    def test_the_id_follows_from_the_content_alone(self):
        assert examples.manifest().id == examples.manifest().id
        assert examples.manifest().id != examples.manifest(evaluation={"auc": 0.72}).id

    def test_it_survives_storage_and_a_changed_one_is_refused(self):
        content = examples.manifest()
        assert manifest.from_bytes(content.to_bytes(), content.id) == content
        with pytest.raises(UsageError, match="was changed"):
            manifest.from_bytes(content.to_bytes().replace(b"0.71", b"0.99"), content.id)

    def test_an_image_that_fetches_says_so_and_one_of_an_earlier_version_has_the_id_of_then(self):
        before = examples.manifest()
        assert b"fetches" not in before.to_bytes()
        now = examples.manifest(image=before.image.model_copy(update={"fetches": True}))
        assert manifest.from_bytes(now.to_bytes(), now.id).image.fetches
        assert now.id != before.id

    def test_evidence_of_other_golden_requests_is_refused(self):
        with pytest.raises(UsageError, match="golden"):
            manifest.compose("delays", PROCESS, {"golden_sha256": "0" * 64}, b"{}")

    def test_an_endpoint_may_have_another_name_than_the_service(self):
        assert examples.manifest().trained_as == "delays"
        assert examples.manifest(input_schema={"service": "credit_risk"}).trained_as == "credit_risk"

    @pytest.mark.parametrize("kind", ["ranking", "probability", "number", "probabilities"])
    def test_what_the_server_cannot_answer_with_is_refused_before_a_container_fails(self, kind):
        evidence = {
            "model": {"sha256": "0" * 64, "size": 1},
            "golden_sha256": hashlib.sha256(b"{}").hexdigest(),
            "input_schema": {"output": {"name": "colour", "kind": kind}},
            "source": {},
            "evaluation": {},
            "gates": [],
        }
        if kind == "ranking":
            with pytest.raises(UsageError, match="answers with 'ranking'"):
                manifest.compose("colours", PROCESS, evidence, b"{}")
        else:
            assert manifest.compose("colours", PROCESS, evidence, b"{}").service == "colours"


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

    def test_what_a_stage_names_is_live_first(self):
        named = [found.release for found in pins(NEW, OLD, NEXT).named]
        assert named == [NEW, NEXT, OLD]
        assert Pins().named == ()

    def test_a_pin_gets_the_settings_type_only_where_it_has_none(self):
        mixed = Pins(live=pin(NEW, type=None), previous=pin(OLD, type="ml.c7i.large"))
        assert mixed.on("ml.m7i.large") == Pins(live=pin(NEW), previous=pin(OLD, type="ml.c7i.large"))
        assert settings(live=pin(NEW, type=None)).pins == pins(NEW)

    def test_a_rollout_keeps_what_was_live_as_previous(self):
        assert rolled_out(settings(live=pin(OLD)), NEW, 2) == Pins(
            live=pin(NEW, environment=TOLD), previous=pin(OLD)
        )

    def test_the_first_rollout_has_nothing_to_go_back_to(self):
        assert rolled_out(settings(), NEW, None).previous is None

    def test_a_rollout_names_what_was_previous_until_the_new_release_is_proven(self):
        """Otherwise the `pulumi up` that moves nothing yet would delete what a take-back keeps."""
        before = settings(live=pin(OLD), previous=pin(NEXT))
        after = rolled_out(before, NEW, 2)
        assert moves.while_moving(before.pins, after) == Pins(
            live=pin(OLD), previous=pin(NEXT), candidate=pin(NEW, environment=TOLD)
        )

    def test_the_same_release_again_keeps_the_older_previous(self):
        after = rolled_out(settings(live=pin(NEW), previous=pin(OLD)), NEW, 2)
        assert after == Pins(live=pin(NEW, environment=TOLD), previous=pin(OLD))

    @given(desired=st.none() | st.integers(0, 50))
    def test_the_count_that_autoscaling_chose_is_kept_within_bounds(self, desired):
        before = settings(instances=Instances(min=2, max=8), live=pin(OLD))
        after = rolled_out(before, NEW, desired)
        assert after.live is not None
        assert 2 <= after.live.capacity <= 8
        if desired and 2 <= desired <= 8:
            assert after.live.capacity == desired

    def test_the_new_fleet_has_the_type_of_the_settings_and_the_old_one_keeps_its_own(self):
        before = settings(instances=Instances(type="ml.c7i.large", max=4), live=pin(OLD))
        after = rolled_out(before, NEW, 2)
        assert after == Pins(live=pin(NEW, type="ml.c7i.large", environment=TOLD), previous=pin(OLD))

    def test_a_changed_type_is_seen_and_changes_no_pin(self):
        changed = settings(instances=Instances(type="ml.c7i.large"), live=pin(OLD))
        assert moves.shape_differs(changed)
        assert changed.pins == pins(OLD)
        assert not moves.shape_differs(settings(live=pin(OLD)))
        assert not moves.shape_differs(settings(live=pin(OLD, type=None)))
        assert not moves.shape_differs(settings())

    def test_a_rollback_exchanges_live_and_previous_so_that_twice_is_where_it_began(self):
        before = pins(NEW, OLD)
        once = moves.after_rollback(before)
        assert once == pins(OLD, NEW)
        assert moves.after_rollback(once) == before
