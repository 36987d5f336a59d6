"""Propose: what a proposal holds, what it must not touch, and what is refused before there is one."""

import re

import pytest

from release.domain.errors import Held, ReleaseFailed, UsageError
from release.domain.pins import Placed, Proposed
from release.operations import fences
from release.operations.promote import Order
from release.operations.propose import propose
from tests.release.scenes import ENDPOINT, begin, pins_now, serving, sure


def untouched(*stages):
    """Nothing was written to the stages' files, ledgers, buckets or registries, and nothing moved."""
    return all(s.sagemaker.updates == [] and s.stack.ups == 0 and not s.trouble.calls for s in stages)


@pytest.fixture
def world(project, dev, staging):
    staging.repository.track()
    return project(dev, staging)


class TestAProposal:
    def test_is_one_commit_on_a_branch_of_its_own(self, world, dev, staging, told):
        coming, live = sure(pins_now(dev).live), sure(pins_now(staging).live)
        found = propose(world, Order("staging", reason="better on rainy days"), told)
        assert found.branch == f"slipway/promote-staging-{ENDPOINT}-{coming.release}"
        assert (found.release, found.replaces) == (coming.release, live.release)
        [(name, (text, message))] = staging.repository.branches.items()
        assert name == found.branch
        assert found.commit
        assert message.subject == f"staging: promote delays to {coming.release} (was {live.release})"
        assert message.body[0] == "Reason: better on rainy days"
        assert f"+{text}" in found.diff

    def test_says_where_the_release_will_lie_and_what_it_replaces(self, world, dev, staging, told):
        coming, live = sure(pins_now(dev).live), sure(pins_now(staging).live)
        diff = propose(world, Order("staging"), told).diff
        assert f'"image":"registry/slipway-staging@{coming.digest}"' in diff
        assert f'"model":"{staging.artifacts.model_uri(coming.sha256)}"' in diff
        assert f'"source":"dev","replaces":"{live.release}"' in diff

    def test_changes_nothing_in_any_stage(self, world, dev, staging, told):
        before = staging.ledger.stored[:], dict(staging.artifacts.models), set(staging.registry.images)
        pins = pins_now(staging)
        propose(world, Order("staging"), told)
        assert untouched(dev, staging)
        assert (staging.ledger.stored, staging.artifacts.models, staging.registry.images) == before
        assert pins_now(staging) == pins

    def test_tells_the_gates_the_source_the_callers_and_the_way_back(self, world, dev, staging, told):
        body = propose(world, Order("staging"), told).body
        assert re.search(r"\| runtime \| ✅ \|", body)
        assert "Live in dev" in body
        assert "Callers: it accepts the same requests as live" in body
        assert "`./slipway rollback staging`" in body
        assert "`./slipway promote staging --merged`" in body

    def test_of_an_endpoints_first_release_says_that_there_is_no_way_back(self, project, dev, told):
        empty = serving(None, stage="staging")
        found = propose(project(dev, empty), Order("staging"), told)
        assert found.replaces is None
        assert "there is no way back" in found.body
        assert "Callers: there is no live release whose promise it could break" in found.body

    def test_without_git_is_a_text_and_a_diff(self, project, dev, staging, told):
        found = propose(project(dev, staging), Order("staging"), told)
        assert (found.commit, staging.repository.branches) == (None, {})
        assert found.diff
        assert found.body
        assert "no Git repository tracks" in told.text


class TestRefusals:
    def test_a_stage_file_that_is_not_committed(self, world, staging, told):
        staging.repository.head = "other pins"
        with pytest.raises(UsageError, match="not committed"):
            propose(world, Order("staging"), told)
        assert staging.repository.branches == {}

    def test_a_checkout_that_is_behind(self, world, staging, told):
        staging.repository.behind = 2
        with pytest.raises(UsageError, match="origin/main has 2 newer commits"):
            propose(world, Order("staging"), told)

    def test_a_rollout_that_is_open(self, world, staging, told):
        begin(staging, staging.pin(7))
        with pytest.raises(Held, match="is open in staging"):
            propose(world, Order("staging"), told)

    def test_a_stage_that_is_not_there_yet(self, project, dev, told):
        empty = serving(None, stage="staging")
        empty.artifacts.there, empty.registry.address = False, None
        with pytest.raises(UsageError, match="no bucket or registry yet") as caught:
            propose(project(dev, empty), Order("staging"), told)
        assert "pulumi up --stack staging" in caught.value.next_step

    def test_what_was_merged_and_waits(self, world, staging, told):
        settings, live = staging.file.endpoints[ENDPOINT], sure(pins_now(staging).live)
        found = Proposed(**live.model_dump(include=set(Placed.model_fields)), source="dev")
        staging.file.endpoints[ENDPOINT] = settings.model_copy(update={"proposed": found})
        staging.repository.track()
        with pytest.raises(UsageError, match=f"proposes {found.release} for delays already") as caught:
            propose(world, Order("staging"), told)
        assert "--merged" in caught.value.next_step

    def test_what_is_live_already(self, project, dev, told):
        same = serving(2, 0, stage="staging")
        with pytest.raises(UsageError, match=r"serves .* already"):
            propose(project(dev, same), Order("staging"), told)

    def test_a_fenced_release(self, world, dev, staging, told):
        fences.add(world, sure(pins_now(dev).live).release, "it lies", told)
        recorded = staging.ledger.stored[:]
        with pytest.raises(ReleaseFailed, match="it lies"):
            propose(world, Order("staging"), told)
        assert staging.ledger.stored == recorded
        assert staging.repository.branches == {}

    def test_what_only_people_can_give_is_named_and_refuses_nothing(self, project, dev, staging, told):
        world = project(dev, staging, staging={"approvals": 1, "soak_minutes": 30})
        body = propose(world, Order("staging"), told).body
        assert "### Still needed" in body
        assert re.search(r"- \[ \] approval: .*slipway approve", body)
        assert "- [ ] soak: " in body
