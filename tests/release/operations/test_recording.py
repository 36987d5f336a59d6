"""What changes a stage's file leaves one commit that says why; what Git does about it fails no rollout."""

import pytest

from release.domain.errors import ReleaseFailed
from release.domain.ledger import Phase
from release.domain.repository import NotCommitted
from release.operations.apply import apply
from release.operations.history import history
from release.operations.promote import Order, promote
from release.operations.release import Order as ReleaseOrder
from release.operations.release import release
from release.operations.rollback import rehearse, rollback
from release.operations.status import status
from release.operations.sync import sync
from release.operations.unlock import unlock
from tests.fakes.world import CI, Told
from tests.release.scenes import killed_at, pins_now, serving, sure


@pytest.fixture
def world(project, dev, staging):
    for stage in (dev, staging):
        stage.repository.track()
    return project(dev, staging)


def said(stage):
    """The one commit's subject and paragraphs."""
    [message] = stage.repository.commits
    return message.subject, message.body


class TestOneCommit:
    def test_of_a_promotion_says_what_why_on_what_evidence_and_by_whom(self, world, dev, staging, told):
        coming, live = sure(pins_now(dev).live), sure(pins_now(staging).live)
        promote(world, Order("staging", reason="better  on\nrainy days"), told)
        subject, body = said(staging)
        assert subject == f"staging: delays promoted to {coming.release} (was {live.release})"
        assert body[0] == "Reason: better on rainy days"
        assert f"Ledger: entry {staging.ledger.stored[-1].number} of staging, rollout " in "\n".join(body)
        assert body[-1] == f"By: {CI.split(':', 5)[5]}"
        assert dev.repository.commits == []
        assert "Pulumi.staging.yaml is committed" in told.text

    def test_of_a_first_release(self, project, told):
        empty = serving(None, stage="dev")
        empty.repository.track()
        world = project(empty)
        release(world, ReleaseOrder(world.build / "model"), told)
        subject, body = said(empty)
        assert subject == f"dev: delays released {sure(pins_now(empty).live).release} (was nothing)"
        assert "Gates: passed auc" in body

    def test_of_a_rollback(self, world, staging, told):
        live, previous = sure(pins_now(staging).live).release, sure(pins_now(staging).previous).release
        rollback(world, "staging", None, told, reason="complaints")
        subject, body = said(staging)
        assert subject == f"staging: delays rolled back to {previous} (was {live})"
        assert body[0] == "Reason: complaints"

    def test_of_an_apply(self, project, told):
        staging = serving(0, 1, stage="staging", instances={"type": "ml.c7i.large"})
        staging.repository.track()
        apply(project(serving(2, 0, stage="dev"), staging), "staging", None, told)
        live = sure(pins_now(staging).live)
        subject = f"staging: delays rolled out anew: {live.release} on 1 of ml.c7i.large"
        assert said(staging)[0] == f"{subject} (was 1 of ml.m7i.large)"

    def test_of_a_judged_rollout_holds_its_verdict(self, project, dev, told):
        rollout = {"strategy": "judged", "steps": [50], "step_seconds": 0, "bake_seconds": 0}
        staging = serving(0, 1, stage="staging", rollout=rollout)
        staging.repository.track()
        promote(project(dev, staging), Order("staging"), told)
        [verdict] = [line for line in said(staging)[1] if line.startswith("Verdict: ")]
        assert verdict.startswith("Verdict: PASS at 50 %, PASS alone; ")

    def test_of_an_unlock(self, world, staging, told):
        killed_at(staging, Phase.MOVING, lambda: promote(world, Order("staging"), told))
        unlock(world, "staging", "the host is gone", told)
        assert staging.repository.commits == [], "the file is as HEAD has it: nothing is to be said"

    def test_of_an_unlock_where_the_candidate_was_committed(self, world, staging, told):
        killed_at(staging, Phase.MOVING, lambda: promote(world, Order("staging"), told))
        staging.repository.track()
        unlock(world, "staging", "the host is gone", told)
        number = staging.ledger.stored[-1].number
        assert said(staging) == (
            "staging: unlocked where it stood",
            ("Reason: the host is gone", f"Ledger: entry {number} of staging", "By: assumed-role/ci/job-7"),
        )

    def test_of_a_sync(self, world, staging, told):
        old, before = sure(pins_now(staging).live).release, dict(staging.file.endpoints)
        promote(world, Order("staging"), told)
        live, staging.file.endpoints = sure(pins_now(staging).live).release, before
        staging.repository.track()
        staging.repository.commits.clear()
        sync(world, "staging", told)
        subject = f"staging: delays as the ledger left it, {live} live (the file said {old})"
        assert said(staging)[0] == subject


class TestNoCommit:
    def test_where_a_rollout_was_taken_back_and_the_file_is_as_before(self, world, staging, told):
        staging.artifacts.requests = staging.artifacts.requests.model_copy(update={"tolerance": -1.0})
        with pytest.raises(ReleaseFailed):
            promote(world, Order("staging"), told)
        assert staging.repository.commits == []

    def test_where_nothing_moved(self, world, staging, told):
        promote(world, Order("staging"), told)
        assert promote(world, Order("staging"), told).changed is False
        assert len(staging.repository.commits) == 1

    def test_where_no_repository_tracks_the_file(self, project, dev, staging, told):
        assert promote(project(dev, staging), Order("staging"), told).changed
        assert staging.repository.commits == []
        assert "commit" not in told.text

    def test_where_a_command_only_reads_git_is_not_even_asked(self, world, dev, staging):
        for stage in (dev, staging):
            stage.repository = None
        status(world, [])
        history(world, "staging", None)
        rehearse(world, "staging", None, Told())


class TestARefusalByGit:
    def test_fails_nothing_and_says_the_command_that_does_it_by_hand(self, world, staging, told):
        staging.repository.refusal = NotCommitted("tell me who you are", "", "git -C /p commit -m it -- file")
        assert promote(world, Order("staging"), told).changed
        assert "Pulumi.staging.yaml is not committed: tell me who you are" in told.text
        assert "by hand: git -C /p commit -m it -- file" in told.text

    def test_nor_does_anything_else_that_goes_wrong(self, world, staging, told):
        staging.repository.refusal = OSError("no space")
        assert promote(world, Order("staging"), told).changed
        assert "Pulumi.staging.yaml is not committed: no space" in told.text

    def test_the_same_command_again_commits_what_was_not(self, world, staging, told):
        staging.repository.refusal = NotCommitted("index.lock")
        promote(world, Order("staging"), told)
        staging.repository.refusal = None
        assert promote(world, Order("staging"), told).changed is False
        assert said(staging)[0].startswith("staging: delays promoted to ")

    def test_and_so_does_sync(self, world, staging, told):
        staging.repository.refusal = NotCommitted("index.lock")
        rollback(world, "staging", None, told)
        staging.repository.refusal = None
        sync(world, "staging", told)
        assert said(staging)[0].startswith("staging: delays rolled back to ")
