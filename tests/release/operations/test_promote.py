"""Promote: which ways are open, what is proven on them, and what a refusal leaves."""

import pytest

from release.domain.errors import Held, ReleaseFailed, ServiceError, UsageError
from release.domain.ledger import Opened, Refused, Skip
from release.domain.pins import EndpointSettings, Pins
from release.operations.apply import apply
from release.operations.promote import Order, promote
from release.operations.rollback import rollback
from tests.fakes.world import FakeStage
from tests.release.scenes import ENDPOINT, at_call, begin, config_of, pins_now, serves, serving, sure


def last(stage, kind):
    """The last ledger entry of a kind."""
    return next(s.entry for s in reversed(stage.ledger.stored) if isinstance(s.entry.what, kind))


def untouched(stage):
    """Nothing was pinned, moved or copied."""
    return stage.sagemaker.updates == [] and stage.stack.ups == 0 and not stage.trouble.calls.count("write")


class TestTheWay:
    def test_the_release_of_the_stage_before_becomes_live(self, project, dev, staging, told):
        before, coming = pins_now(staging), sure(pins_now(dev).live)
        found = promote(project(dev, staging), Order("staging"), told)
        assert (found.stage, found.endpoint, found.release, found.changed) == (
            "staging",
            ENDPOINT,
            coming.release,
            True,
        )
        after = pins_now(staging)
        assert (sure(after.live).release, after.previous) == (coming.release, before.live)
        assert serves(staging) == config_of(after.live, "staging")
        assert len(staging.sagemaker.updates) == 1

    def test_it_is_copied_by_content_into_the_stages_own_bucket_and_registry(
        self, project, dev, staging, told
    ):
        coming = sure(pins_now(dev).live)
        promote(project(dev, staging), Order("staging"), told)
        arrived = pins_now(staging).live
        assert arrived is not None
        assert arrived.model == staging.artifacts.model_uri(coming.sha256)
        assert staging.artifacts.model_sha256(arrived.model) == coming.sha256
        assert staging.registry.has(coming.digest)
        assert staging.artifacts.manifest(coming.release) == dev.artifacts.manifest(coming.release)

    def test_a_source_that_is_the_stage_before_leaves_nothing_out(self, project, dev, staging, told):
        assert promote(project(dev, staging), Order("staging", "dev"), told).changed
        assert last(staging, Opened).what.skip is None

    def test_a_stage_is_left_out_only_when_told_and_with_a_reason(
        self, project, dev, staging, prod, told, follow
    ):
        world = project(dev, staging, prod)
        for order in (
            Order("prod", "dev"),
            Order("prod", "dev", skip=True),
            Order("prod", "dev", reason="x"),
        ):
            with pytest.raises(UsageError, match="would skip staging on the way to prod") as caught:
                promote(world, order, told)
        assert untouched(prod)
        assert follow.all_of(world, caught.value) == [0, 0]
        assert sure(pins_now(prod).live).release == sure(pins_now(dev).live).release

    def test_what_was_left_out_and_why_is_in_the_ledger(self, project, dev, staging, prod, told):
        promote(project(dev, staging, prod), Order("prod", "dev", skip=True, reason="an outage"), told)
        assert last(prod, Opened).what.skip == Skip(stages=("staging",), reason="an outage")

    def test_a_stage_can_forbid_that(self, project, dev, staging, prod, told, follow):
        world = project(dev, staging, prod, prod={"skip": False})
        with pytest.raises(UsageError, match="prod accepts releases from staging only") as caught:
            promote(world, Order("prod", "dev", skip=True, reason="an outage"), told)
        assert untouched(prod)
        assert follow.all_of(world, caught.value) == [0, 0]

    @pytest.mark.parametrize("source", ["prod", "staging"])
    def test_no_release_goes_backwards(self, project, dev, staging, prod, told, follow, source):
        world = project(dev, staging, prod)
        with pytest.raises(UsageError, match=f"staging does not come after {source}") as caught:
            promote(world, Order("staging", source), told)
        assert untouched(staging)
        assert follow.all_of(world, caught.value) == [0, 0]

    @pytest.mark.parametrize("source", [None, "staging"])
    def test_nothing_is_promoted_to_the_first_stage(self, project, dev, staging, told, follow, source):
        world = project(dev, staging)
        with pytest.raises(UsageError) as caught:
            promote(world, Order("dev", source), told)
        assert untouched(dev)
        assert set(follow.all_of(world, caught.value)) == {0}

    @pytest.mark.parametrize("order", [Order("qa"), Order("staging", "qa")])
    def test_an_unknown_stage_lists_the_known_ones(self, project, dev, staging, told, order):
        with pytest.raises(UsageError, match=r"no stage 'qa'(?s:.)*Use one of: dev, staging"):
            promote(project(dev, staging), order, told)

    def test_a_source_that_serves_nothing_has_nothing_to_give(self, project, staging, told, follow):
        empty = serving(None, stage="dev")
        world = project(empty, staging)
        with pytest.raises(UsageError, match="no live release in dev") as caught:
            promote(world, Order("staging"), told)
        assert follow.all_of(world, caught.value) == [0]
        assert promote(world, Order("staging"), told).changed

    def test_and_names_the_right_command_for_a_later_stage(self, project, dev, prod, told, follow):
        world = project(dev, serving(None, stage="staging"), prod)
        with pytest.raises(UsageError, match="no live release in staging") as caught:
            promote(world, Order("prod"), told)
        assert follow.all_of(world, caught.value) == [0]
        assert promote(world, Order("prod"), told).changed

    def test_of_several_endpoints_one_is_named(self, project, dev, staging, told):
        for stage in (dev, staging):
            stage.file.endpoints["fares"] = EndpointSettings()
        world = project(dev, staging)
        with pytest.raises(UsageError, match=r"several endpoints: delays, fares(?s:.)*--endpoint"):
            promote(world, Order("staging"), told)
        with pytest.raises(UsageError, match="no endpoint 'fees'"):
            promote(world, Order("staging", endpoint="fees"), told)
        assert promote(world, Order("staging", endpoint="delays"), told).changed

    @pytest.mark.parametrize("source", [None, "dev"])
    def test_a_release_that_another_one_has_replaced_in_its_source_is_refused(
        self, project, dev, staging, told, follow, source
    ):
        world, waiting = project(dev, staging), sure(pins_now(dev).live).release
        rollback(world, "dev", None, told)
        live, before = sure(pins_now(dev).live).release, pins_now(staging)
        words = f"dev serves {live} now, and {waiting} is to be promoted from there"
        with pytest.raises(UsageError, match=words) as caught:
            promote(world, Order("staging", source, release=waiting), told)
        assert (untouched(staging), pins_now(staging)) == (True, before)
        assert follow.all_of(world, caught.value) == [0, 0]
        assert sure(pins_now(staging).live).release == live

    def test_a_release_that_is_wanted_where_nothing_serves_comes_there_first(
        self, project, dev, prod, told, follow
    ):
        world = project(dev, serving(None, stage="staging"), prod)
        wanted = sure(pins_now(dev).live).release
        with pytest.raises(UsageError, match="staging serves nothing now") as caught:
            promote(world, Order("prod", release=wanted), told)
        assert follow.all_of(world, caught.value) == [0]
        assert promote(world, Order("prod", release=wanted), told).release == wanted

    def test_what_is_live_already_is_proven_again_and_not_moved(self, project, dev, staging, told):
        world = project(dev, staging)
        promote(world, Order("staging"), told)
        staging.trouble.calls.clear()
        assert promote(world, Order("staging"), told).changed is False
        assert staging.trouble.calls == ["InvokeEndpoint"]


class TestPulumi:
    def test_what_would_fail_later_is_said_before_the_ledger_and_the_pin(self, project, dev, prod, told):
        before = pins_now(prod)
        prod.stack.unready = UsageError("Pulumi is not ready for prod: incorrect passphrase")
        with pytest.raises(UsageError, match="incorrect passphrase"):
            promote(project(dev, prod), Order("prod"), told)
        assert (prod.ledger.stored, pins_now(prod), prod.stack.ups) == ([], before, 0)

    def test_the_way_back_asks_for_none_of_it(self, project, prod, told):
        prod.stack.unready = UsageError("Pulumi is not ready for prod")
        rollback(project(prod), "prod", None, told)
        prod.sagemaker.endpoints["delays-prod"].config = config_of(pins_now(prod).previous)
        assert apply(project(prod), "prod", None, told).changed, "it is brought back without pulumi"

    @pytest.mark.parametrize(("tell", "ups"), [("pages", 2), ("nothing", 1)])
    def test_the_alarms_of_what_is_live_are_made_with_the_first_release(self, project, dev, told, tell, ups):
        """They follow from the pins as models and configs do: a stack without them would be behind."""
        first = serving(None, None, stage="staging", monitoring={"paging": {"tell": tell}})
        promote(project(dev, first), Order("staging"), told)
        assert first.stack.ups == ups

    def test_the_alarms_follow_a_way_back_to_a_machine_of_another_size(self, project, prod, told):
        """How much of its cores an instance may use is a bound of its type."""
        pins = pins_now(prod)
        prod.file.write(ENDPOINT, pins.model_copy(update={"previous": larger(pins.previous)}))
        prod.stack.up()
        ups = prod.stack.ups
        rollback(project(prod), "prod", None, told)
        assert prod.stack.ups == ups + 1


def larger(pin):
    """The same release on a machine with more cores."""
    return pin.model_copy(update={"type": "ml.m7i.4xlarge"})


class TestProof:
    CHANGES = (
        ("digest", "the pin's image digest is sha256:9{64}, the manifest's sha256:a"),
        ("image", "the image .* is not in the registry"),
        ("checksum", "the pin's checksum is 9{64}, the manifest's"),
        ("artifact", "the artifact s3://.* does not exist"),
        ("bytes", "the bytes of s3://.* have SHA-256 .*, the pin says"),
    )

    @pytest.mark.parametrize(("what", "named"), CHANGES)
    def test_what_is_not_as_it_was_proven_goes_nowhere(self, project, dev, staging, told, what, named):
        pin = sure(pins_now(dev).live)
        changes = {"digest": {"image": f"r/i@sha256:{'9' * 64}"}, "checksum": {"sha256": "9" * 64}}
        match what:
            case "digest" | "checksum":
                changed = pin.model_copy(update=changes[what])
                settings = dev.file.endpoints[ENDPOINT]
                dev.file.endpoints[ENDPOINT] = settings.model_copy(update={"live": changed})
            case "image":
                dev.registry.images.clear()
            case "artifact":
                dev.artifacts.models.clear()
            case "bytes":
                dev.artifacts.models[pin.model] = b"other bytes"
        with pytest.raises(UsageError, match=f"is not what was proven: {named}"):
            promote(project(dev, staging), Order("staging"), told)
        assert untouched(staging)
        assert staging.ledger.stored == []

    def test_a_release_without_a_manifest_goes_nowhere(self, project, dev, staging, told):
        dev.artifacts.manifests.clear()
        with pytest.raises(UsageError, match="has no manifest"):
            promote(project(dev, staging), Order("staging"), told)


class TestGates:
    def test_a_required_gate_without_a_result_is_a_no_in_the_ledger(self, project, dev, staging, told):
        world = project(dev, staging, staging={"gates": ("auc",)})
        with pytest.raises(ReleaseFailed, match=r"refused by staging: auc: required(?s:.)*release it anew"):
            promote(world, Order("staging"), told)
        assert untouched(staging)
        entry = last(staging, Refused)
        assert entry.what.reasons == ("auc: required by the stage, and the release has no result for it",)
        assert (entry.subject.kind, entry.subject.release) == ("promote", sure(pins_now(dev).live).release)
        assert staging.ledger.current is None

    def test_a_stage_without_a_ledger_refuses_as_well(self, project, dev, staging, told):
        staging.ledger.there = False
        with pytest.raises(ReleaseFailed, match="auc"):
            promote(project(dev, staging, staging={"gates": ("auc",)}), Order("staging"), told)
        assert staging.ledger.stored == []

    def test_a_release_soaks_in_the_stage_before(self, project, staging, prod, told, dev):
        world = project(dev, staging, prod, prod={"soak_minutes": 30})
        promote(world, Order("staging"), told)
        staging.clock.seconds += 29 * 60
        prod.clock.seconds = staging.clock.seconds
        with pytest.raises(
            ReleaseFailed, match=r"live in the stage before for 29 of 30 minutes(?s:.)*gates ask"
        ):
            promote(world, Order("prod"), told)
        assert untouched(prod)
        prod.clock.seconds += 61
        assert promote(world, Order("prod"), told).changed

    def test_the_soak_begins_anew_with_another_landing_and_not_with_one_that_failed(
        self, project, dev, staging, prod, told
    ):
        world = project(dev, staging, prod, prod={"soak_minutes": 30})
        promote(world, Order("staging"), told)
        staging.clock.seconds = prod.clock.seconds = 3_600
        bad = staging.pin(5)
        staging.sagemaker.never.add(config_of(bad, "staging").name)
        promote_from = serving(5, 2, stage="dev")
        with pytest.raises(ReleaseFailed, match="did not land"):
            promote(project(promote_from, staging), Order("staging"), told)
        assert promote(world, Order("prod"), told).changed
        serving_again = serving(6, 2, stage="dev")
        promote(project(serving_again, staging), Order("staging"), told)
        with pytest.raises(ReleaseFailed, match="for 0 of 30 minutes"):
            promote(world, Order("prod"), told)

    def test_what_the_ledger_does_not_know_has_not_soaked(self, project, staging, prod, told):
        world = project(staging, prod, prod={"soak_minutes": 1})
        with pytest.raises(ReleaseFailed, match="does not say since when"):
            promote(world, Order("prod"), told)


class TestTheStage:
    def test_a_stage_that_is_not_there_yet_is_made_first(self, project, dev, told):
        new = FakeStage("staging", {ENDPOINT: EndpointSettings()})
        new.artifacts.there, new.registry.address = False, None

        def provisioned():
            new.artifacts.there, new.registry.address = True, "registry/slipway-prod"

        at_call(new, "up", provisioned)
        assert promote(project(dev, new), Order("staging"), told).changed
        assert "no bucket or registry yet" in told.text

    def test_a_stage_that_cannot_be_made_gets_no_release(self, project, dev, told):
        new = FakeStage("staging", {ENDPOINT: EndpointSettings()})
        new.artifacts.there = False
        with pytest.raises(ServiceError, match="still has no bucket"):
            promote(project(dev, new), Order("staging"), told)
        assert new.ledger.stored == []

    def test_another_rollout_is_left_alone_and_nothing_is_copied(self, project, dev, staging, told):
        begin(staging, staging.pin(7))
        staging.ledger.living = {staging.ledger.owner.pid}
        images = set(staging.registry.images)
        with pytest.raises(ServiceError, match="is under way here, by ci on here"):
            promote(project(dev, staging), Order("staging"), told)
        assert (staging.registry.images, untouched(staging)) == (images, True)

    def test_a_dead_one_is_held_until_somebody_ends_it_as_it_says(self, project, dev, staging, told, follow):
        begin(staging, staging.pin(7))
        staging.new_process()
        world = project(dev, staging)
        with pytest.raises(Held, match="stopped half-way, at 'opened'") as caught:
            promote(world, Order("staging"), told)
        assert follow.all_of(world, caught.value) == [0]
        assert promote(world, Order("staging"), told).changed

    def test_pins_that_changed_since_they_were_read_stop_it(self, project, dev, staging, told):
        """Another command that came and went between the look at the file and the look into the ledger."""
        world = project(dev, staging)
        ports = staging.ports()
        other = staging.pin(7)
        staging.file.endpoints[ENDPOINT] = staging.file.endpoints[ENDPOINT].model_copy(update={"live": other})
        world.stage = lambda name: ports if name == "staging" else dev.ports()
        with pytest.raises(ServiceError, match="Another command changed delays in staging"):
            promote(world, Order("staging"), told)
        assert (staging.ledger.stored, pins_now(staging).live) == ([], other)

    def test_a_file_of_an_earlier_version_is_rewritten_and_it_is_said(self, project, dev, staging, told):
        staging.file.endpoints["fares"] = EndpointSettings(
            live=staging.pin(3).model_copy(update={"type": None})
        )
        staging.former = True
        promote(project(dev, staging), Order("staging", endpoint="delays"), told)
        assert told.text.count("was written by an earlier version: its pins are rewritten") == 1
        assert staging.trouble.calls[:3] == ["ledger: opened", "write", "write"]
        assert staging.file.endpoints["fares"].live.type == "ml.m7i.large"

    def test_a_bad_release_is_taken_back_and_says_what_serves(self, project, dev, staging, told):
        before, bad = pins_now(staging), staging.pin(2)
        staging.sagemaker.never.add(config_of(bad, "staging").name)
        with pytest.raises(ReleaseFailed, match=r"did not land in staging(?s:.)*It was taken back") as caught:
            promote(project(dev, staging), Order("staging"), told)
        assert f"{sure(before.live).release} serves" in str(caught.value)
        assert pins_now(staging) == before

    def test_a_first_release_that_fails_leaves_no_endpoint(self, project, dev, told):
        empty = serving(None, stage="staging")
        empty.sagemaker.never.add(config_of(empty.pin(2), "staging").name)
        with pytest.raises(ReleaseFailed, match="the endpoint is gone, as before"):
            promote(project(dev, empty), Order("staging"), told)
        assert (pins_now(empty), serves(empty)) == (Pins(), None)

    def test_where_not_even_the_way_back_arrives_a_person_looks(self, project, dev, staging, told):
        before, bad = pins_now(staging), staging.pin(2)
        staging.sagemaker.wrong.add(config_of(bad, "staging").production[0].model_name)
        staging.sagemaker.never.add(config_of(before.live, "staging").name)
        world = project(dev, staging)
        with pytest.raises(Held, match=r"staging could not be taken back(?s:.)*stays open"):
            promote(world, Order("staging"), told)
        staging.sagemaker.never.clear()
        staging.new_process()
        with pytest.raises(ReleaseFailed, match="golden request 1 of 1"):
            promote(world, Order("staging"), told)
        assert pins_now(staging) == before
