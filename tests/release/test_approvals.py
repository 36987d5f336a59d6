"""Whose yes counts, by values: not the maker's, nobody's twice, none that is old or about something else."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import approvals, gates
from release.domain.approvals import Approval, Approvals, Asked, Revocation
from release.domain.ledger import Kind, Opened, Stored, Subject, following, may_follow
from release.domain.manifest import GateResult
from release.domain.pins import Pins
from release.domain.said import Said, shown
from release.domain.waivers import Waiver
from tests.release.examples import AT, NEW, OWNER, manifest, open_rollout

NOW = datetime(2026, 1, 10, tzinfo=UTC)
ACCOUNT = "arn:aws:iam::123456789012:"
ADA, BOB, CARL = (f"{ACCOUNT}user/{name}" for name in ("ada", "bob", "carl"))
CI = "arn:aws:sts::123456789012:assumed-role/ci/job-7"
ROLE = "arn:aws:sts::123456789012:assumed-role/reader/bob"
FEDERATED = "arn:aws:sts::123456789012:federated-user/bob"
TWO = Asked(people=2, days=14)


def yes(by: str, days_ago: float = 1, about: str = "e1", **changes: object) -> Approval:
    at = (NOW - timedelta(days=days_ago)).isoformat()
    return Approval.model_validate({"by": by, "reason": "tried it", "at": at, "evidence": about} | changes)


def kept(*given: Approval) -> Approvals:
    return Approvals(release=NEW, stage="prod", given=given)


def missing(*given: Approval, makers: tuple[str, ...] = (CI,), asked: Asked = TWO) -> int:
    return approvals.tally(kept(*given), makers, asked, "e1", NOW).missing


def test_two_people_who_did_not_make_it_are_enough():
    found = approvals.tally(kept(yes(ADA), yes(BOB)), [CI], TWO, "e1", NOW)
    assert (found.missing, [one.by for one in found.counted]) == (0, [ADA, BOB])
    assert approvals.gate(found).passed
    assert found.words() == "2 of 2 approvals: user/ada: tried it; user/bob: tried it"


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (yes(ADA, days_ago=2), "user/ada is counted already"),
        (yes("arn:aws:iam::999999999999:user/ops/ada"), "user/ops/ada is counted already"),
        (yes(CI), "assumed-role/ci/job-7 released it"),
        (yes("arn:aws:sts::999999999999:assumed-role/ci/somebody-else"), "ci/somebody-else released it"),
        (yes(BOB, days_ago=15), "user/bob said yes more than 14 days ago"),
        (yes(BOB, about="e2"), "user/bob said yes to other evidence"),
        (yes(BOB, revoked=Revocation(by=CARL, at=AT, reason="no")), "was taken back by user/carl: no"),
        (yes(BOB, at=""), "user/bob said yes more than 14 days ago"),
        (yes(ROLE), "assumed-role/reader/bob is a session of a role, and a role is no person: say yes with"),
        (yes(FEDERATED), "federated-user/bob is a federated user, whose name its caller chose"),
    ],
)
def test_what_does_not_count_says_why(second, why):
    found = approvals.tally(kept(second, yes(ADA)), [CI], TWO, "e1", NOW)
    assert (found.missing, len(found.counted)) == (1, 1)
    refused = approvals.gate(found)
    assert not refused.passed
    assert "1 of 2 approvals: " in refused.reason
    assert why in refused.reason
    assert approvals.command(NEW, "prod") in gates.next_step([refused], NEW, "prod")


def test_where_nobody_knows_who_made_it_one_more_is_asked_for():
    """One of those who say yes may be the maker."""
    assert missing(yes(ADA), yes(BOB), makers=()) == 1
    assert missing(yes(ADA), yes(BOB), yes(CARL), makers=()) == 0
    assert missing(makers=(), asked=Asked(people=0, days=1)) == 0
    assert "it is not known who released it" in approvals.tally(None, (), TWO, "e1", NOW).words()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("assumed-role/deployer/ada", "assumed-role/deployer/bob", True),
        (
            "assumed-role/AWSReservedSSO_Approver_0a1b/ada",
            "assumed-role/AWSReservedSSO_Approver_0a1b/bob",
            False,
        ),
        ("assumed-role/AWSReservedSSO_Admin_0a1b/ada", "assumed-role/AWSReservedSSO_Approver_2c3d/Ada", True),
        ("assumed-role/okta/ada", "assumed-role/okta/bob", False),
        ("federated-user/ada", "federated-user/bob", True),
        ("user/ada", "user/team/ada", True),
        ("user/ada", "user/bob", False),
        ("user/ada", "root", False),
    ],
)
def test_a_name_that_the_caller_chooses_makes_nobody_another_person(one, other, same):
    """Sessions of a role are one, unless Identity Center or the stage's data vouches for their names."""
    people = {approvals.person(f"arn:aws:sts::123456789012:{arn}", ("okta",)) for arn in (one, other)}
    assert (len(people) == 1) is same


def test_the_maker_is_nobody_else_by_assuming_roles():
    """A user who may assume two roles would be two more people."""
    other = ROLE.replace("reader", "writer")
    assert missing(yes(ROLE), yes(other), makers=(ADA,)) == 2
    assert missing(yes(ROLE), yes(BOB), makers=(ADA,), asked=Asked(2, 14, ("reader",))) == 1, "one is bob"
    assert missing(yes(ROLE), yes(CARL), makers=(ADA,), asked=Asked(2, 14, ("reader",))) == 0


def test_a_yes_is_about_the_manifest_the_stage_and_what_is_waived():
    waived = Waiver.model_validate({"gate": "auc", "by": ADA, "at": AT, "reason": "x", "until": "2026-02-01"})
    changed = manifest(gates=(GateResult(name="auc", passed=False),))
    found = [
        approvals.evidence(manifest(), "prod", ()),
        approvals.evidence(manifest(), "staging", ()),
        approvals.evidence(manifest(), "prod", [waived]),
        approvals.evidence(changed, "prod", ()),
        approvals.evidence(manifest(), "prod", (), ()),
        approvals.evidence(manifest(), "prod", (), ["carrier is gone"]),
    ]
    assert len(set(found)) == 6
    assert approvals.evidence(manifest(), "prod", ()) == found[0]


def test_a_second_yes_renews_the_first_and_a_taken_back_one_stays_on_record():
    once = approvals.give(None, NEW, "prod", yes(ADA, days_ago=9))
    again = approvals.give(once, NEW, "prod", yes(ADA))
    assert again.given == (yes(ADA),)
    no = Revocation(by=BOB, at=AT, reason="a fault was found")
    gone = approvals.revoke(again, no)
    assert gone is not None
    assert approvals.standing(gone) == ()
    assert [one.revoked for one in approvals.give(gone, NEW, "prod", yes(ADA)).given] == [no, None]
    later = Revocation(by=CARL, at=AT, reason="later")
    assert approvals.revoke(gone, later) == gone, "who took it back first stays"
    assert approvals.revoke(None, no) is None


def test_makers_are_added_and_never_forgotten():
    found = approvals.made(approvals.made(None, NEW, [CI]), NEW, [ADA, CI])
    assert found.by == (CI, ADA)


ANYBODY = st.sampled_from([ADA, BOB, CARL, CI, CI.replace("job-7", "job-8")])


@given(st.lists(st.tuples(ANYBODY, st.integers(0, 20), st.sampled_from(["e1", "e2"])), max_size=8))
def test_what_counts_is_never_more_than_the_people_who_said_yes_in_time_and_did_not_make_it(words):
    given_ = [yes(by, days_ago=days, about=about) for by, days, about in words]
    found = approvals.tally(kept(*given_), [CI], TWO, "e1", NOW)
    right = {by for by, days, about in words if by in (ADA, BOB, CARL) and days <= 14 and about == "e1"}
    assert {one.by for one in found.counted} == right
    assert len(found.counted) + len(found.passed_over) == len(words)


def test_a_word_about_a_release_neither_opens_nor_ends_anything():
    said, opened = Said(event="approved", by=ADA, reason="x"), Opened(before=Pins(), after=Pins())
    assert may_follow(said, opened)
    assert may_follow(opened, said)
    begun = Stored.from_bytes(following(None, AT, about("promote"), OWNER, opened).to_bytes())
    word = Stored.from_bytes(following(begun, AT, about("approve"), OWNER, said).to_bytes())
    found = open_rollout([begun, word])
    assert found is not None
    assert found.subject.kind == "promote"


def about(kind: Kind) -> Subject:
    return Subject(kind=kind, endpoint="delays", release=NEW, rollout="r1" if kind == "promote" else "")


def test_whom_ci_names_is_a_remark():
    assert shown(CI, "ada") == "assumed-role/ci/job-7 (CI says: ada)"
    assert shown("ada") == "ada"
    assert missing(yes(CI, actor="ada"), yes(CI, actor="bob")) == 2
