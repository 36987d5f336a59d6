"""People say yes to a release for a stage, and the stage accepts it when enough of them did."""

from datetime import timedelta

import pytest

from release.domain import approvals
from release.domain.errors import Damaged, ReleaseFailed, ServiceError, UsageError
from release.domain.ledger import Opened, Phase
from release.domain.pins import EndpointSettings
from release.domain.said import Caller, Said
from release.operations import fences
from release.operations.approve import approve, revoke
from release.operations.history import history
from release.operations.promote import Order, promote
from release.operations.release import Order as ReleaseOrder
from release.operations.release import release
from release.operations.report import report
from release.operations.rollback import rollback
from release.operations.status import status
from tests.fakes.trouble import Crash
from tests.fakes.world import CI, EPOCH, FakeStage
from tests.release.scenes import ENDPOINT, at_call, killed_at, serves, serving

ADA, BOB, CARL = (f"arn:aws:iam::123456789012:user/{name}" for name in ("ada", "bob", "carl"))
WHY = "read the report"


@pytest.fixture
def world(project, dev, staging, prod, coming):
    return project(dev, staging, prod, staging={"approvals": 2, "approval_days": 3})


@pytest.fixture
def say(world, staging, coming, told):
    """Has people say yes, each with credentials of their own."""

    def to_it(*people, actor=""):
        for arn in people:
            staging.caller = Caller(arn=arn, actor=actor)
            found = approve(world, "staging", coming, WHY, told)
        return found

    return to_it


def refused(world, told, match):
    with pytest.raises(ReleaseFailed, match=match) as caught:
        promote(world, Order("staging"), told)
    return caught.value


class TestWhatCounts:
    def test_two_people_let_it_in_and_the_ledger_says_who_and_why(self, world, staging, say, told, coming):
        error = refused(world, told, r"approval: 0 of 2 approvals: nobody said yes")
        assert approvals.command(coming, "staging") in str(error)
        assert say(ADA).missing == 1
        refused(world, told, r"1 of 2 approvals: user/ada: read the report")
        said = say(BOB)
        assert (said.missing, said.enters_by) == (0, "./slipway promote staging")
        assert promote(world, Order("staging"), told).changed
        opened = next(s.entry.what for s in staging.ledger.stored if isinstance(s.entry.what, Opened))
        assert [(one.by, one.reason, one.at[:10]) for one in opened.approvals] == [
            (ADA, WHY, "2026-01-01"),
            (BOB, WHY, "2026-01-01"),
        ]
        said = [s.entry for s in staging.ledger.stored if isinstance(s.entry.what, Said)]
        assert [(entry.subject.kind, entry.what.event, entry.what.by) for entry in said] == [
            ("approve", "approved", ADA),
            ("approve", "approved", BOB),
        ]
        assert len({entry.what.evidence for entry in said}) == 1

    def test_the_same_person_twice_is_one(self, world, say, told):
        assert say(ADA, ADA).missing == 1
        refused(world, told, "1 of 2 approvals")

    def test_whoever_made_it_is_told_at_once_and_nothing_is_recorded(self, world, staging, say, coming, told):
        with pytest.raises(UsageError, match="assumed-role/ci/job-7 released") as caught:
            say(CI, actor="ada")
        assert "Have somebody else run it" in str(caught.value)
        assert (staging.ledger.stored, staging.approvals.kept) == ([], {})

    @pytest.mark.parametrize("who", ["assumed-role/reader/ada", "federated-user/ada"])
    def test_whoever_is_no_person_is_told_at_once_and_nothing_is_recorded(self, world, staging, say, who):
        with pytest.raises(UsageError, match=f"{who} is a .*no person") as caught:
            say(f"arn:aws:sts::123456789012:{who}")
        assert "Say yes with the credentials of a user or through Identity Center" in caught.value.next_step
        assert "`named_sessions`" in caught.value.next_step
        assert (staging.ledger.stored, staging.approvals.kept) == ([], {})

    def test_a_session_that_the_stage_vouches_for_is_a_person(self, project, dev, staging, coming, told):
        world = project(dev, staging, staging={"approvals": 1, "named_sessions": ("reader",)})
        staging.caller = Caller(arn="arn:aws:sts::123456789012:assumed-role/reader/ada")
        assert approve(world, "staging", coming, WHY, told).missing == 0
        assert promote(world, Order("staging"), told).changed

    def test_a_record_by_its_maker_does_not_count_either(self, world, staging, say, coming, told):
        say(ADA, BOB)
        staging.makers.kept[coming] = approvals.made(None, coming, [BOB])
        refused(world, told, "1 of 2 approvals: user/ada.*not counted: user/bob released it")

    def test_it_expires(self, world, staging, say, told):
        say(ADA, BOB)
        staging.clock.seconds += timedelta(days=3, seconds=1).total_seconds()
        refused(world, told, "nobody said yes; not counted: user/ada said yes more than 3 days ago")
        say(ADA, BOB)
        assert promote(world, Order("staging"), told).changed

    def test_another_release_needs_its_own(self, world, project, staging, say, told):
        say(ADA, BOB)
        other = project(serving(5, 2, stage="dev"), staging, staging={"approvals": 2})
        refused(other, told, "0 of 3 approvals, one more as it is not known who released it")

    def test_a_no_takes_every_yes_back(self, world, staging, say, coming, told):
        say(ADA, BOB)
        staging.caller = Caller(arn=CARL)
        taken = revoke(world, "staging", coming, "a fault was found", told)
        assert (taken.missing, taken.enters_by) == (2, "")
        refused(world, told, "user/ada was taken back by user/carl: a fault was found")
        with pytest.raises(UsageError, match="Nobody's yes"):
            revoke(world, "staging", coming, "again", told)
        assert staging.ledger.events[-2:] == ["revoked", "refused"]
        assert say(ADA, BOB).missing == 0


class TestWhatIsRefused:
    @pytest.mark.parametrize("say_it", [approve, revoke])
    def test_no_reason_no_release_or_no_stage(self, world, coming, told, say_it):
        for release_, stage, reason, why in (
            (coming, "staging", " ", "needs a reason"),
            ("Not-an-id", "staging", WHY, "is no release"),
            ("0c77e1d2ab93", "staging", WHY, "No stage up to staging knows release 0c77e1d2ab93"),
            (coming, "qa", WHY, "no stage 'qa'"),
        ):
            with pytest.raises(UsageError, match=why):
                say_it(world, stage, release_, reason, told)

    def test_where_nobodys_yes_is_asked_for(self, world, coming, told, follow):
        with pytest.raises(UsageError, match="prod asks for nobody's yes") as caught:
            approve(world, "prod", coming, WHY, told)
        assert caught.value.next_step.startswith("Bring it: ./slipway promote prod; or")
        with pytest.raises(UsageError, match="dev asks for nobody's yes") as caught:
            approve(world, "dev", coming, WHY, told)
        assert caught.value.next_step.startswith("Bring it: ./slipway release --stage dev; or")

    def test_a_release_that_is_fenced(self, world, staging, say, coming, told, follow):
        fences.add(world, coming, "it drifts", told)
        with pytest.raises(ReleaseFailed, match="whoever says yes: fence: fenced in dev") as caught:
            say(ADA)
        assert staging.ledger.stored == []
        assert follow.all_of(world, caught.value) == [0]
        assert say(ADA).missing == 1

    def test_one_whose_gates_fail(self, project, dev, staging, coming, told):
        world = project(dev, staging, staging={"approvals": 1, "gates": ("auc",)})
        staging.caller = Caller(arn=ADA)
        with pytest.raises(ReleaseFailed, match="whoever says yes: auc: required by the stage"):
            approve(world, "staging", coming, WHY, told)

    def test_a_stage_that_is_not_there_is_made_by_what_is_to_bring_the_release(
        self, project, dev, coming, told
    ):
        new = FakeStage("staging", {ENDPOINT: EndpointSettings()})
        new.artifacts.there, new.registry.address = False, None

        def provisioned():
            new.artifacts.there, new.registry.address = True, "registry/slipway-staging"

        at_call(new, "up", provisioned)
        world = project(dev, new, staging={"approvals": 1})
        new.caller = Caller(arn=ADA)
        with pytest.raises(UsageError, match=r"is there yet(?s:.)*./slipway promote staging; it makes"):
            approve(world, "staging", coming, WHY, told)
        refused(world, told, "0 of 1 approvals")
        assert (new.stack.ups, new.ledger.events) == (1, ["refused"])
        approve(world, "staging", coming, WHY, told)
        assert promote(world, Order("staging"), told).changed

    def test_nor_is_one_made_for_a_release_that_lacks_more(self, project, dev, coming, told):
        new = FakeStage("staging", {ENDPOINT: EndpointSettings()})
        new.artifacts.there = new.ledger.there = False
        refused(project(dev, new, staging={"approvals": 1, "gates": ("auc",)}), told, "auc: .*approval: ")
        assert new.stack.ups == 0

    def test_a_stage_before_that_cannot_be_read_is_named(self, world, dev, coming, told):
        dev.makers.refusal = ServiceError("access denied")
        with pytest.raises(UsageError, match=r"knows release .* as far as can be read \(not: dev\)"):
            approve(world, "staging", coming, WHY, told)


class TestTheWay:
    def test_who_made_it_goes_with_it_from_stage_to_stage(self, project, dev, staging, prod, coming, told):
        world = project(dev, staging, prod, prod={"approvals": 1})
        promote(world, Order("staging"), told)
        assert staging.makers.kept[coming].by == (CI,)
        with pytest.raises(ReleaseFailed, match="0 of 1 approvals: nobody"):
            promote(world, Order("prod"), told)
        prod.caller = Caller(arn=CI.replace("job-7", "job-8"))
        with pytest.raises(UsageError, match="job-8 released"):
            approve(world, "prod", coming, WHY, told)
        prod.caller = Caller(arn=ADA)
        approve(world, "prod", coming, WHY, told)
        assert promote(world, Order("prod"), told).changed

    def test_a_release_says_who_made_it(self, world, dev, told):
        done = release(world, ReleaseOrder(world.build / "model"), told)
        assert dev.makers.kept[done.release].by == (CI,)

    def test_a_first_stage_that_asks_knows_what_it_refused(self, project, dev, told):
        world = project(dev, dev={"approvals": 1})
        order = ReleaseOrder(world.build / "model")
        with pytest.raises(ReleaseFailed, match="approval: 0 of 1 approvals") as caught:
            release(world, order, told)
        named = dev.ledger.stored[-1].entry.subject.release
        assert approvals.command(named, "dev") in str(caught.value)
        assert dev.sagemaker.updates == []
        dev.caller = Caller(arn=ADA)
        assert approve(world, "dev", named, WHY, told).enters_by == "./slipway release --stage dev"
        dev.caller = Caller(arn=CI)
        assert release(world, order, told).changed

    def test_the_way_back_asks_nobody(self, world, staging, say, told):
        say(ADA, BOB)
        promote(world, Order("staging"), told)
        staging.clock.seconds += timedelta(days=30).total_seconds()
        rollback(world, "staging", None, told)
        assert serves(staging)

    def test_a_rollout_that_was_let_in_goes_on_when_the_yes_is_too_old(self, world, staging, say, told):
        say(ADA, BOB)
        killed_at(staging, Phase.MOVING, lambda: promote(world, Order("staging"), told))
        staging.clock.seconds += timedelta(days=30).total_seconds()
        assert promote(world, Order("staging"), told).changed

    @pytest.mark.parametrize(("call", "counts"), [("approvals", 1), ("ledger: approved", 2)])
    def test_a_crash_between_record_and_ledger_is_mended_by_the_same_command(
        self, world, staging, say, coming, told, call, counts
    ):
        say(ADA)
        staging.trouble.calls.clear()
        at_call(staging, call, die)
        with pytest.raises(Crash):
            say(BOB)
        staging.new_process()
        assert len(staging.approvals.kept[coming].given) == counts
        assert staging.ledger.events == ["approved"]
        assert say(BOB).missing == 0
        assert staging.ledger.events == ["approved", "approved"]
        assert promote(world, Order("staging"), told).changed

    def test_who_may_not_write_it_is_not_in_the_ledger_either(self, world, staging, say):
        at_call(staging, "approvals", deny)
        with pytest.raises(ServiceError, match="access denied"):
            say(ADA)
        assert staging.ledger.stored == []

    def test_a_ledger_that_cannot_be_read_is_found_before_anything_is_written(self, world, staging, say):
        say(ADA)
        staging.ledger.unreadable = {1}
        with pytest.raises(Damaged):
            say(BOB)
        assert len(next(iter(staging.approvals.kept.values())).given) == 1

    def test_a_word_in_the_middle_of_a_rollout_stops_nobody(self, world, dev, staging, say, coming, told):
        say(ADA, BOB)
        at_call(staging, "ledger: verifying", lambda: say(CARL))
        assert promote(world, Order("staging"), told).changed
        assert staging.ledger.events[-1] == "landed"


class TestWhatIsShown:
    def test_status_says_what_is_missing_for_what_would_come_next(self, world, say, coming, told):
        say(ADA)
        [line] = status(world, ["staging"])
        assert f"{coming}, which would come next, has 1 of 2 approvals: user/ada: {WHY}" in line.notes
        say(BOB)
        promote(world, Order("staging"), told)
        assert not any("would come next" in note for note in status(world, ["staging"])[0].notes)

    def test_a_record_that_cannot_be_read_breaks_no_status(self, world, staging, coming):
        staging.approvals.refusal = ServiceError("access denied")
        [line] = status(world, ["staging"])
        assert f"who approved {coming} cannot be read: access denied" in line.notes

    def test_nor_does_a_stage_before_whose_file_is_broken(self, world, prod, monkeypatch):
        def broken(name):
            raise UsageError(f"Pulumi.{name}.yaml is no YAML", "Nothing is known of it.")

        known = world.settings
        monkeypatch.setattr(world, "settings", lambda name: (broken if name == "dev" else known)(name))
        [line] = status(world, ["staging"])
        assert "what would come next cannot be read in dev: Pulumi.dev.yaml is no YAML" in line.notes

    def test_history_has_a_line_for_each_word(self, world, staging, say, coming, told):
        say(ADA, actor="ada-at-github")
        found = history(world, "staging", None).rollouts
        assert [(line.kind, line.release, line.end) for line in found] == [("approve", coming, "approved")]
        assert found[0].reason == f"by user/ada (CI says: ada-at-github): {WHY}"
        assert found[0].ended == found[0].at == EPOCH.isoformat(timespec="milliseconds")

    def test_the_report_of_a_rollout_holds_its_own_entries_whatever_was_said_since(
        self, world, staging, say, coming, told
    ):
        say(ADA, BOB)
        promote(world, Order("staging"), told)
        before = report(world, "staging").report
        staging.caller = Caller(arn=CARL)
        revoke(world, "staging", coming, "too late", told)
        assert report(world, "staging").report == before
        assert "approved by user/ada: read the report; approved by user/bob" in before.grounds

    def test_promote_says_who_approved(self, world, say, told):
        say(ADA, BOB)
        promote(world, Order("staging"), told)
        assert "2 of 2 approvals: user/ada: read the report; user/bob: read the report" in told.text


def die():
    raise Crash


def deny():
    raise ServiceError("access denied")
