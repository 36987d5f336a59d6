"""What was proposed and merged: it is brought once, as the proposal says, and only what was proven."""

import pytest

from release.domain.errors import Held, ReleaseFailed, ServiceError, UsageError
from release.domain.ledger import Opened, Phase, Refused
from release.domain.pins import Proposed
from release.domain.said import Caller
from release.operations import fences
from release.operations.approve import approve
from release.operations.merged import merged
from release.operations.promote import Order, placed, promote
from release.operations.rollback import rollback
from release.operations.status import status
from tests.fakes.world import ACCOUNT
from tests.release.operations.test_promote import last, untouched
from tests.release.scenes import ENDPOINT, begin, killed_at, killed_when, pins_now, serves, serving, sure
from tests.release.scenes import config_of as config


def proposing(comes_from, target, **changes) -> Proposed:
    """The proposal of what the source serves, merged: in the target's file, and in HEAD."""
    content = comes_from.artifacts.manifest(sure(pins_now(comes_from).live).release)
    live = pins_now(target).live
    found = Proposed(
        **placed(content, target.ports()).model_dump(include={"release", "image", "model", "sha256"}),
        source=comes_from.name,
        replaces=live.release if live else None,
    ).model_copy(update=changes)
    write(target, found)
    target.repository.track()
    return found


def write(stage, proposed):
    settings = stage.file.endpoints[ENDPOINT]
    stage.file.endpoints[ENDPOINT] = settings.model_copy(update={"proposed": proposed})


@pytest.fixture
def world(project, dev, staging):
    return project(dev, staging)


@pytest.fixture
def proposed(dev, staging):
    return proposing(dev, staging)


class TestItIsBrought:
    def test_the_proposed_release_becomes_live_and_nothing_stays_proposed(
        self, world, staging, proposed, told
    ):
        [landed] = merged(world, "staging", None, told)
        assert (landed.release, landed.changed) == (proposed.release, True)
        assert serves(staging) == config(pins_now(staging).live, "staging")
        assert staging.file.endpoints[ENDPOINT].proposed is None
        [message] = staging.repository.commits
        assert message.subject.startswith(f"staging: delays promoted to {proposed.release}")

    def test_the_ledger_says_why_and_that_it_was_proposed(self, world, dev, staging, told):
        proposing(dev, staging, reason="better on rainy days")
        merged(world, "staging", None, told)
        opened = last(staging, Opened).what
        assert (opened.proposed, opened.reason) == (True, "better on rainy days")

    def test_again_it_does_nothing(self, world, staging, proposed, told):
        merged(world, "staging", None, told)
        staging.trouble.calls.clear()
        entries = len(staging.ledger.stored)
        assert merged(world, "staging", None, told) == []
        assert "nothing is proposed" in told.text
        assert (len(staging.ledger.stored), len(staging.repository.commits)) == (entries, 1)

    def test_nor_in_a_checkout_from_before_it_landed(self, world, staging, proposed, told):
        before = dict(staging.file.endpoints)
        merged(world, "staging", None, told)
        updates, staging.file.endpoints = len(staging.sagemaker.updates), before
        [landed] = merged(world, "staging", None, told)
        assert (landed.release, landed.changed) == (proposed.release, False)
        assert len(staging.sagemaker.updates) == updates
        assert "./slipway sync staging" in told.text

    def test_an_endpoints_first_release_replaces_nothing(self, project, dev, told):
        empty = serving(None, stage="staging")
        found = proposing(dev, empty)
        assert found.replaces is None
        assert merged(project(dev, empty), "staging", None, told)[0].changed
        [message] = empty.repository.commits
        assert message.subject == f"staging: delays promoted to {found.release} (was nothing)"

    def test_a_stage_is_left_out_as_it_was_proposed(self, project, dev, staging, prod, told):
        world = project(dev, staging, prod)
        proposing(dev, prod, skip=True, reason="an outage")
        assert merged(world, "prod", None, told)[0].changed
        assert last(prod, Opened).what.skip.reason == "an outage"

    def test_all_endpoints_of_the_stage_are_looked_at(self, world, dev, staging, proposed, told):
        for stage in (dev, staging):
            stage.file.endpoints = {"fares": stage.file.endpoints[ENDPOINT].model_copy(update=EMPTY)} | (
                stage.file.endpoints
            )
            stage.repository.track()
        assert [landed.endpoint for landed in merged(world, "staging", None, told)] == [ENDPOINT]


EMPTY = {"live": None, "previous": None, "proposed": None}


class TestACrash:
    @pytest.mark.parametrize("phase", [Phase.CREATING, Phase.MOVING, Phase.VERIFYING, Phase.RECONCILING])
    @pytest.mark.parametrize("fresh", [True, False])
    def test_the_same_command_ends_it_in_this_checkout_and_in_a_fresh_one(
        self, world, staging, proposed, told, phase, fresh
    ):
        merged_as = staging.file.endpoints[ENDPOINT]
        killed_at(staging, phase, lambda: merged(world, "staging", None, told))
        if fresh:
            staging.file.endpoints[ENDPOINT] = merged_as
        [landed] = merged(world, "staging", None, told)
        assert (landed.release, landed.changed) == (proposed.release, True)
        assert staging.ledger.current is None
        assert staging.file.endpoints[ENDPOINT].proposed is None
        assert len(staging.repository.commits) == 1

    @pytest.mark.parametrize("skips", [True, False])
    def test_so_it_does_where_the_file_holds_the_proposal_no_more(
        self, project, dev, staging, prod, told, skips
    ):
        world = project(dev, staging, prod) if skips else project(dev, prod)
        found = proposing(dev, prod, skip=skips, reason="an outage")
        killed_when(
            prod,
            lambda: prod.file.endpoints[ENDPOINT].proposed is None and prod.ledger.current,
            lambda: merged(world, "prod", None, told),
        )
        assert prod.ledger.current is not None
        [landed] = merged(world, "prod", None, told)
        assert (landed.release, landed.changed) == (found.release, True)
        assert (prod.ledger.current, len(prod.repository.commits)) == (None, 1)

    def test_a_promotion_that_somebody_else_began_is_theirs_to_end(self, world, staging, told):
        killed_at(staging, Phase.MOVING, lambda: promote(world, Order("staging"), told))
        assert merged(world, "staging", None, told) == []
        assert staging.ledger.current is not None

    def test_a_rollback_takes_it_back_and_the_proposal_with_it(self, world, staging, proposed, told):
        before = pins_now(staging)
        killed_at(staging, Phase.MOVING, lambda: merged(world, "staging", None, told))
        rollback(world, "staging", None, told)
        assert pins_now(staging) == before
        assert staging.file.endpoints[ENDPOINT].proposed is None
        [message] = staging.repository.commits
        live = sure(before.live).release
        assert message.subject == f"staging: delays stays at {live}: {proposed.release} did not land"


class TestBetweenMergeAndRollout:
    def test_a_proposal_that_waits_stands_in_nobodys_way(self, world, staging, proposed, told):
        previous = sure(pins_now(staging).previous).release
        assert rollback(world, "staging", None, told).release == previous

    def test_status_says_that_it_waits(self, world, staging, proposed, told):
        [line] = status(world, ["staging"])
        command = "./slipway promote staging --merged"
        assert f"{proposed.release} is proposed, and was not rolled out: {command}" in line.notes

    def test_and_is_past_then(self, world, staging, proposed, told):
        rollback(world, "staging", None, told)
        assert merged(world, "staging", None, told) == []


class TestRefusals:
    """Each comes before anything is copied, recorded or moved."""

    def refused(self, world, stage, told, kind, words):
        recorded = stage.ledger.stored[:]
        with pytest.raises(kind, match=words) as caught:
            merged(world, stage.name, None, told)
        assert untouched(stage)
        assert stage.ledger.stored == recorded
        return caught.value

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("image", "registry/slipway-staging@sha256:" + "e" * 64, "its image is .*e, and of the release"),
            ("image", "elsewhere/slipway@sha256:" + "e" * 64, "its image is elsewhere"),
            ("model", "s3://slipway-staging/models/other/model.tar.gz", "its artifact is s3://"),
            ("sha256", "e" * 64, "its checksum is e"),
        ],
    )
    def test_a_proposal_that_was_edited_by_hand(self, world, dev, staging, told, field, value, words):
        proposing(dev, staging, **{field: value})
        error = self.refused(world, staging, told, UsageError, words)
        assert "--propose" in error.next_step

    def test_a_release_that_the_source_does_not_know(self, world, dev, staging, told):
        proposing(dev, staging, release="0" * 12)
        self.refused(world, staging, told, UsageError, "000000000000")

    def test_a_branch_of_before_what_is_live_now(self, world, dev, staging, told):
        proposing(dev, staging, replaces="0c77e1d2ab93")
        live = sure(pins_now(staging).live).release
        words = f"when 0c77e1d2ab93 was live there, and {live} is now"
        error = self.refused(world, staging, told, UsageError, words)
        assert "propose anew" in error.next_step

    def test_a_source_that_serves_another_release_by_now(self, world, dev, staging, proposed, told):
        rollback(world, "dev", None, told)
        self.refused(world, staging, told, UsageError, f"serves .* now, and {proposed.release} is to be")

    def test_history_that_was_rewound(self, world, dev, staging, told):
        before = dict(staging.file.endpoints)
        promote(world, Order("staging"), told)
        rollback(world, "staging", None, told)
        rollback(world, "staging", None, told)
        staging.file.endpoints = before
        other = serving(3, 0, stage="dev")
        proposing(other, staging)
        staging.sagemaker.updates.clear()
        staging.stack.ups = 0
        staging.trouble.calls.clear()
        error = self.refused(world, staging, told, UsageError, "not as the last rollout of delays left it")
        assert "./slipway sync staging" in error.next_step

    def test_a_file_that_is_not_committed(self, world, dev, staging, proposed, told):
        write(staging, proposed.model_copy(update={"reason": "mine"}))
        error = self.refused(world, staging, told, UsageError, "changes that are not committed")
        assert "git restore Pulumi.staging.yaml" in error.next_step

    def test_a_checkout_that_is_behind(self, world, staging, proposed, told):
        staging.repository.behind = 1
        error = self.refused(world, staging, told, UsageError, "origin/main has 1 newer commit of Pulumi")
        assert "git pull" in error.next_step

    def test_a_stage_in_the_middle_of_another_rollout(self, world, staging, proposed, told):
        begin(staging, staging.pin(7))
        staging.ledger.living = set()
        self.refused(world, staging, told, (Held, ServiceError), "promote")

    def test_a_fenced_release(self, world, staging, proposed, told):
        fences.add(world, proposed.release, "it lies", told)
        with pytest.raises(ReleaseFailed, match="it lies"):
            merged(world, "staging", None, told)
        assert isinstance(staging.ledger.stored[-1].entry.what, Refused)
        assert (staging.sagemaker.updates, staging.stack.ups) == ([], 0)
        assert staging.file.endpoints[ENDPOINT].proposed == proposed

    def test_a_release_without_the_yes_that_it_needs_waits_for_it(self, project, dev, staging, coming, told):
        world = project(dev, staging, staging={"approvals": 1})
        found = proposing(dev, staging)
        assert found.release == coming
        with pytest.raises(ReleaseFailed, match="approval") as caught:
            merged(world, "staging", None, told)
        assert f"./slipway approve {found.release} --stage staging" in caught.value.next_step
        assert (staging.sagemaker.updates, staging.stack.ups) == ([], 0)
        assert staging.file.endpoints[ENDPOINT].proposed == found
        staging.caller = Caller(arn=f"arn:aws:iam::{ACCOUNT}:user/ann")
        approve(world, "staging", found.release, "it is good", told)
        assert merged(world, "staging", None, told)[0].changed

    def test_an_unknown_source(self, world, dev, staging, told):
        proposing(dev, staging, source="qa")
        self.refused(world, staging, told, UsageError, "no stage 'qa'")
