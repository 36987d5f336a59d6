"""The ledger in a bucket: what an append costs, who wins, and how the newest entry is found."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from release.adapters import ledger_store
from release.adapters.ledger_store import CONFLICT_ATTEMPTS
from release.domain.chain import Proof, broken_link, prove
from release.domain.errors import Damaged, ServiceError
from release.domain.ledger import (
    Closed,
    End,
    Heartbeat,
    Phase,
    Resumed,
)
from release.domain.names import HEARTBEAT
from tests.release.adapters.ledgers import (
    ANOTHER,
    CREATING,
    MOVING,
    OPENED,
    REFUSED,
    SUBJECT,
    beat,
    filled,
    key,
    landed,
    process,
)
from tests.release.adapters.s3 import FakeS3, refusal
from tests.release.examples import OTHER, OWNER

AHEAD = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def s3():
    return FakeS3()


@pytest.fixture
def slept(monkeypatch):
    seconds: list[float] = []
    monkeypatch.setattr(ledger_store.time, "sleep", seconds.append)
    return seconds


def numbers(store):
    return [stored.entry.number for stored in store.latest(None)]


class TestAppend:
    def test_an_append_is_one_call(self, s3):
        store = process(s3)
        assert store.open() is None
        store.append(SUBJECT, OPENED)
        s3.calls.clear()
        store.append(SUBJECT, CREATING)
        assert s3.calls == {"put": 1}
        found = process(s3).open()
        assert found is not None
        assert (found.phase, found.owner) == (Phase.CREATING, OWNER)

    def test_a_process_that_never_looked_looks_first(self, s3):
        filled(s3, 3)
        assert process(s3).append(SUBJECT, REFUSED).number == 4
        assert broken_link(process(s3).latest(None)) is None

    def test_a_write_whose_answer_was_lost_is_ones_own(self, s3):
        store = process(s3)
        store.append(SUBJECT, OPENED)
        s3.calls.clear()
        s3.before_put.append(s3.objects.__setitem__)
        assert store.append(SUBJECT, CREATING).number == 2
        assert s3.calls == {"put": 1, "get": 1}
        store.append(SUBJECT, MOVING)
        assert broken_link(store.latest(None)) is None

    def test_a_write_that_is_under_way_is_asked_for_again(self, s3, slept):
        store = process(s3)
        store.append(SUBJECT, OPENED)
        s3.before_put += [busy, busy]
        store.append(SUBJECT, CREATING)
        assert numbers(store) == [1, 2]
        assert len(slept) == 2

    def test_the_same_bytes_are_asked_for_again(self, s3, slept):
        """Else one's own first write, which came through after all, would look like another's."""
        store = process(s3)
        store.append(SUBJECT, OPENED)
        s3.before_put.append(lambda key, body: (s3.objects.__setitem__(key, body), busy(key, body)))
        store.append(SUBJECT, CREATING)
        store.append(SUBJECT, MOVING)
        assert broken_link(store.latest(None)) is None

    def test_s3_that_never_says_who_won_is_an_error_that_can_be_tried_again(self, s3, slept):
        store = process(s3)
        store.append(SUBJECT, OPENED)
        s3.before_put += [busy] * CONFLICT_ATTEMPTS
        with pytest.raises(ServiceError, match="who wrote entry 2"):
            store.append(SUBJECT, CREATING)
        store.append(SUBJECT, CREATING)
        assert numbers(store) == [1, 2]

    def test_another_error_is_s3s_own(self, s3):
        store = process(s3)
        store.append(SUBJECT, OPENED)
        s3.before_put.append(denied)
        with pytest.raises(ClientError, match="AccessDenied"):
            store.append(SUBJECT, CREATING)


def busy(key, body):
    raise refusal("ConditionalRequestConflict", 409)


def denied(key, body):
    raise refusal("AccessDenied", 403)


class TestTwoProcesses:
    @pytest.mark.parametrize("what", [CREATING, Closed(event=End.LANDED), Resumed()])
    def test_refusals_in_between_do_not_lose_the_stage(self, s3, what):
        store, other = process(s3), process(s3, OTHER)
        store.append(SUBJECT, OPENED)
        for _ in range(2 * CONFLICT_ATTEMPTS):
            other.append(ANOTHER, REFUSED)
        s3.calls.clear()
        store.append(SUBJECT, what)
        assert s3.calls["list"] == 0
        assert broken_link(store.latest(None)) is None

    def test_of_two_that_open_at_once_one_wins(self, s3):
        store, other = process(s3), process(s3, OTHER)
        assert store.open() is other.open() is None
        other.append(ANOTHER, REFUSED)
        other.append(ANOTHER, OPENED)
        with pytest.raises(ServiceError, match="wrote to this stage's ledger first"):
            store.append(SUBJECT, OPENED)
        found = process(s3).open()
        assert found is not None
        assert found.owner == OTHER

    def test_a_rollout_that_ended_meanwhile_is_past_as_well(self, s3):
        """What this process decided on is no more, even though the stage is free again."""
        store, other = process(s3), process(s3, OTHER)
        store.open()
        other.append(ANOTHER, OPENED)
        other.append(ANOTHER, Closed(event=End.LANDED))
        with pytest.raises(ServiceError, match="first"):
            store.append(SUBJECT, OPENED)

    def test_a_process_whose_rollout_was_taken_over_stops(self, s3):
        store, other = process(s3), process(s3, OTHER)
        store.append(SUBJECT, OPENED)
        other.open()
        other.append(SUBJECT, Resumed())
        with pytest.raises(ServiceError, match="first"):
            store.append(SUBJECT, CREATING)
        assert numbers(store) == [1, 2]

    def test_of_two_that_resume_at_once_one_wins(self, s3):
        process(s3).append(SUBJECT, OPENED)
        store, other = process(s3, OTHER), process(s3, OTHER.model_copy(update={"pid": 99}))
        store.open()
        other.open()
        store.append(SUBJECT, Resumed())
        with pytest.raises(ServiceError, match="first"):
            other.append(SUBJECT, Resumed())

    def test_a_refusal_is_written_whatever_happens(self, s3):
        store, other = process(s3), process(s3, OTHER)
        store.open()
        other.append(ANOTHER, OPENED)
        assert store.append(SUBJECT, REFUSED).number == 2
        found = process(s3).open()
        assert found is not None
        assert found.owner == OTHER


class TestNewest:
    def test_in_a_long_ledger_it_is_found_by_the_heartbeats_number(self, s3):
        filled(s3, 2_500, heartbeat=2_490)
        found = process(s3).open()
        assert s3.calls["list"] == 1
        assert s3.calls["get"] <= 3
        assert found is not None
        assert found.phase is Phase.OPENED

    @pytest.mark.parametrize("heartbeat", [2_501, 90_000])
    def test_an_end_that_the_heartbeat_knows_and_that_is_gone_is_damage(self, s3, heartbeat):
        filled(s3, 2_500, heartbeat)
        with pytest.raises(Damaged, match=f"Entry {heartbeat} .* it is missing, and the heartbeat knows it"):
            process(s3).open()
        store = process(s3)
        store.pass_over_damage()
        assert [stored.entry.number for stored in store.latest(2)] == [2_499, 2_500]

    @pytest.mark.parametrize("heartbeat", [None, 0, 1, 2, 17, 2_499, 2_500])
    def test_a_wrong_stale_or_missing_number_finds_it_as_well(self, s3, heartbeat):
        filled(s3, 2_500, heartbeat)
        assert [stored.entry.number for stored in process(s3).latest(2)] == [2_499, 2_500]
        assert s3.calls["list"] <= 4

    @pytest.mark.parametrize(
        "garbage",
        [b"", b"{", b"[]", b'{"rollout": "r1"}', b'{"number": "many"}', b'{"rollout": "r1", "at": "noon"}'],
    )
    def test_a_heartbeat_that_cannot_be_read_is_none(self, s3, garbage):
        filled(s3, 4)
        s3.objects[HEARTBEAT] = garbage
        found = process(s3).open()
        assert found is not None
        assert process(s3).alive(found) is False

    def test_what_is_no_entry_is_passed_over(self, s3):
        filled(s3, 2)
        s3.objects["ledger/readme.txt"] = s3.objects["ledger/9.json"] = b"?"
        assert process(s3).append(SUBJECT, MOVING).number == 3

    def test_an_empty_ledger_has_nothing(self, s3):
        assert process(s3).open() is None
        assert process(s3).latest(5) == []
        assert list(process(s3).newest_first()) == []

    def test_what_is_not_asked_for_is_not_read(self, s3):
        filled(s3, 2_500, heartbeat=2_500)
        assert next(process(s3).newest_first()).entry.number == 2_500
        assert s3.calls["get"] == 2

    @pytest.mark.parametrize(("most", "found"), [(1, [5]), (3, [3, 4, 5]), (9, [1, 2, 3, 4, 5])])
    def test_the_newest_come_oldest_first(self, s3, most, found):
        filled(s3, 5)
        assert [stored.entry.number for stored in process(s3).latest(most)] == found


class TestWhatCannotBeRead:
    def test_garbage_is_named_with_its_place(self, s3):
        filled(s3, 4)
        s3.objects[key(4)] = b"{}"
        with pytest.raises(ServiceError, match="Entry 4 of the ledger in bucket") as caught:
            process(s3).open()
        assert f"s3://bucket/{key(4)}" in str(caught.value)

    def test_an_entry_in_anothers_place_is_named(self, s3):
        filled(s3, 4)
        s3.objects[key(4)] = s3.objects[key(1)]
        with pytest.raises(ServiceError, match="it is entry 1"):
            process(s3).append(SUBJECT, CREATING)

    def test_a_changed_entry_breaks_the_chain(self, s3):
        filled(s3, 4)
        values = json.loads(s3.objects[key(2)])
        values["owner"]["user"] = "somebody"
        s3.objects[key(2)] = json.dumps(values).encode()
        assert "entry 3 does not follow from entry 2" in str(broken_link(process(s3).latest(None)))


class TestProof:
    @pytest.fixture
    def store(self, s3):
        return landed(s3)

    def test_a_whole_ledger_is_proven_to_its_end(self, s3, store):
        assert prove(process(s3).shelf()) == Proof(4, ())
        assert beat_of(s3).number == 4
        assert beat_of(s3).sha256 == store.latest(1)[0].sha256

    def test_an_empty_one_is_whole(self, s3):
        assert prove(process(s3).shelf()) == Proof(0, ())

    def test_what_was_written_over_is_named_by_its_versions(self, s3, store):
        written = s3.objects[key(4)]
        s3.write(key(4), b"{}")
        [problem] = prove(process(s3).shelf()).problems
        assert problem.startswith("entry 4 was changed after it was written")
        s3.write(key(4), written)
        assert prove(process(s3).shelf()).problems == ()

    def test_what_was_deleted_is_named_and_put_back_is_whole(self, s3, store):
        written = s3.objects[key(2)]
        s3.write(key(2), None)
        assert prove(process(s3).shelf()).problems == ("entry 2 was deleted; its versions are left",)
        s3.write(key(2), written)
        assert prove(process(s3).shelf()).problems == ()

    def test_without_any_version_the_heartbeat_knows_the_end(self, s3, store):
        s3.versions.clear()
        del s3.objects[key(4)]
        assert prove(process(s3).shelf()).problems == (
            "entry 4 is missing: the end, which the heartbeat knows",
        )

    def test_a_foreign_object_is_named(self, s3, store):
        s3.write("ledger/9.json", b"?")
        assert prove(process(s3).shelf()).problems == ("ledger/9.json is no entry of the ledger",)

    def test_a_process_that_dies_leaves_its_last_beat(self, s3):
        store = process(s3)
        store.append(SUBJECT, OPENED)

        def work():
            with store.heartbeat("r1"):
                store.append(SUBJECT, CREATING)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            work()
        assert prove(process(s3).shelf()) == Proof(2, ())


def beat_of(s3) -> Heartbeat:
    return Heartbeat.model_validate_json(s3.objects[HEARTBEAT])


class TestLife:
    def test_there_is_a_ledger_where_there_is_a_bucket(self, s3):
        assert process(s3).exists()
        assert not process(FakeS3(bucket="")).exists()

    def test_a_heartbeat_says_who_works_on_what_and_how_far_it_came(self, s3):
        store = process(s3, OTHER)
        store.append(SUBJECT, OPENED)
        before = datetime.now(UTC)
        with store.heartbeat("r1"):
            pass
        found = Heartbeat.model_validate_json(s3.objects[HEARTBEAT])
        assert (found.rollout, found.number) == ("r1", 1)
        assert found.at >= before

    @pytest.mark.parametrize("more", [{}, {"number": 0, "pace": "new"}])
    def test_the_heartbeat_of_an_earlier_or_a_later_version_counts(self, more):
        """It may be at work elsewhere while this one asks."""
        beaten = {"rollout": "r1", "at": "2026-01-01T00:00:00.123456+00:00"} | more
        assert Heartbeat.model_validate(beaten).rollout == "r1"

    def test_a_missed_beat_ends_nothing(self, s3):
        s3.before_put.append(denied)
        with process(s3).heartbeat("r1"):
            pass
        assert HEARTBEAT not in s3.objects

    @pytest.mark.parametrize(
        ("rollout", "age", "alive"), [("r1", 1, True), ("r1", 3_600, False), ("r0", 1, False)]
    )
    def test_a_process_elsewhere_lives_as_long_as_its_heart_beats(self, s3, rollout, age, alive):
        process(s3, OTHER).append(SUBJECT, OPENED)
        s3.write(HEARTBEAT, beat(1, rollout))
        s3.modified[HEARTBEAT] -= timedelta(seconds=age)
        store = process(s3)
        found = store.open()
        assert found is not None
        assert store.alive(found) is alive

    @pytest.mark.parametrize(("waited", "alive"), [(0, True), (59, True), (61, False)])
    @pytest.mark.parametrize("ahead", [-900, 0, 900])
    def test_its_silence_is_told_by_s3s_clock(self, s3, ahead, waited, alive):
        """The two hosts' clocks, and S3's, may be minutes apart."""
        s3.clock = lambda: AHEAD + timedelta(seconds=ahead)
        process(s3, OTHER).append(SUBJECT, OPENED)
        with process(s3, OTHER).heartbeat("r1"):
            pass
        s3.clock = lambda: AHEAD + timedelta(seconds=ahead + waited)
        store = process(s3)
        found = store.open()
        assert found is not None
        assert store.alive(found) is alive

    def test_what_a_dead_process_began_is_known_by_its_own_clock(self, s3):
        process(s3, OTHER).append(SUBJECT, OPENED)
        s3.write(HEARTBEAT, beat(1, age=3_600))  # its clock is an hour behind
        s3.modified[HEARTBEAT] -= timedelta(seconds=61)
        last = beat_of(s3).at
        store = process(s3)
        found = store.open()
        assert found is not None
        assert not store.left_by_the_dead(OTHER.host, last), "nobody has looked yet"
        assert not store.alive(found)
        assert store.left_by_the_dead(OTHER.host, last + timedelta(seconds=14))
        assert not store.left_by_the_dead(OTHER.host, last + timedelta(seconds=16))
        assert not store.left_by_the_dead(OWNER.host, last)
