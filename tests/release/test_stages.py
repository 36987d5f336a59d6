"""The stages in their order: what Pulumi.yaml may say, and which ways lead through them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.adapters import stage_file
from release.domain.errors import UsageError
from release.domain.stages import StageEntry, Stages, parse

ROOT = Path(__file__).resolve().parents[2]
THREE = Stages(entries=tuple(StageEntry(name=name) for name in ("dev", "staging", "prod")))
names = st.sampled_from(THREE.names)


class TestParse:
    def test_the_order_is_that_of_the_file_and_what_is_left_out_is_lenient(self):
        listed = [{"name": "qa"}, {"name": "dev", "gates": ["auc"], "soak_minutes": 5, "approval": True}]
        stages = parse({"stages": listed}, ["dev", "qa"])
        assert stages.names == ("qa", "dev")
        assert stages.entry("qa") == StageEntry(
            name="qa", gates=(), soak_minutes=0, approvals=0, skip=True, waivers=False
        )
        assert stages.entry("dev").gates == ("auc",)
        assert stages.entry("dev").approvals == 1, (
            "what an earlier version asked of a name is asked of a person"
        )

    def test_a_project_that_lists_none_has_those_of_its_files(self):
        assert parse({}, ["prod", "qa", "dev", "alpha", "staging"]).names == (
            *("dev", "staging", "prod"),
            *("alpha", "qa"),
        )

    def test_this_repository_lists_every_stage_that_has_a_file(self):
        stages = parse(stage_file.read_project(ROOT), [])
        assert stages.names == ("dev", "staging", "prod")
        assert sorted(stages.names) == stage_file.stages_in(ROOT)

    @pytest.mark.parametrize(
        ("listed", "named"),
        [
            ([], "stages: Tuple should have at least 1 item"),
            ("dev", "stages: Input should be a valid tuple"),
            (["dev"], "stages.0: Input should be a valid dictionary"),
            ([{}], "stages.0.name: Field required"),
            ([{"name": "dev"}, {"name": "Prod"}], "stages.1.name: String should match"),
            ([{"name": "dev", "gate": ["auc"]}], "stages.0.gate: there is no such key; near it: gates"),
            ([{"name": "dev", "soak_minutes": -1}], "stages.0.soak_minutes: Input should be greater"),
            (
                [{"name": "dev", "approval": "perhaps"}],
                "stages.0.approval: there is no such key; near it: approvals",
            ),
            (
                [{"name": "dev", "approvals": 3}],
                "stages.0.approvals: Input should be less than or equal to 2",
            ),
            ([{"name": "dev"}, {"name": "dev"}], "lists dev twice"),
            *(
                ([{"name": alias}], f"stages.0.name: Value error, {alias} is no name for a stage")
                for alias in ("champion", "candidate", "archived")
            ),
        ],
    )
    def test_what_is_wrong_is_named_with_what_to_write(self, listed, named):
        with pytest.raises(UsageError) as caught:
            parse({"stages": listed}, ["dev"])
        assert named in str(caught.value)
        assert caught.value.next_step

    def test_a_project_without_any_stage_says_what_one_looks_like(self):
        with pytest.raises(UsageError, match=r"- \{name: dev\}"):
            parse({}, [])


class TestWays:
    def test_an_unknown_stage_lists_the_known_ones(self):
        with pytest.raises(UsageError, match=r"no stage 'production'(?s:.)*Use one of: dev, staging, prod"):
            THREE.entry("production")

    def test_a_release_comes_from_the_stage_before(self):
        assert [THREE.before(name) for name in ("staging", "prod")] == ["dev", "staging"]

    def test_nothing_comes_before_the_first(self):
        with pytest.raises(UsageError, match=r"dev is the first stage(?s:.)*release --stage dev"):
            THREE.before("dev")

    @pytest.mark.parametrize(
        ("source", "target", "skipped"),
        [
            (None, "dev", ()),
            (None, "staging", ("dev",)),
            (None, "prod", ("dev", "staging")),
            ("dev", "staging", ()),
            ("dev", "prod", ("staging",)),
            ("staging", "prod", ()),
        ],
    )
    def test_what_a_way_leaves_out(self, source, target, skipped):
        assert THREE.skipped(source, target) == skipped

    @pytest.mark.parametrize(
        ("source", "target"),
        [("dev", "dev"), ("staging", "dev"), ("prod", "dev"), ("staging", "staging"), ("prod", "staging")],
    )
    def test_backwards_is_no_way_and_the_right_commands_are_named(self, source, target):
        enter = "release --stage dev" if target == "dev" else "promote staging"
        with pytest.raises(UsageError) as caught:
            THREE.skipped(source, target)
        assert str(caught.value).splitlines() == [
            f"{target} does not come after {source}: the order is dev, staging, prod.",
            "Nothing was changed.",
            f"For another release in {target}: ./slipway {enter}; "
            f"for its previous one: ./slipway rollback {target}",
        ]

    @given(st.none() | names, names)
    def test_step_by_step_leaves_nothing_out(self, source, target):
        try:
            skipped = THREE.skipped(source, target)
        except UsageError:
            return
        at = source
        for stage in (*skipped, target):
            assert THREE.skipped(at, stage) == ()
            at = stage
        steps = THREE.step_by_step(source, target).split(", then ")
        assert steps == [THREE.entering(stage) for stage in (*skipped, target)]

    def test_how_a_release_enters_a_stage(self):
        assert [THREE.entering(name) for name in THREE.names] == [
            "./slipway release --stage dev",
            "./slipway promote staging",
            "./slipway promote prod",
        ]
