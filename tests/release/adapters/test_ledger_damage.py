"""A ledger in a bucket that somebody damaged: named, and passed over by the way back."""

import pytest

from release.adapters.ledger_store import ACCEPTED, TAIL
from release.domain.chain import OfLaterVersion, prove
from release.domain.errors import Damaged
from release.domain.ledger import Closed, End, Phase
from release.domain.names import HEARTBEAT
from tests.release.adapters.ledgers import (
    ANOTHER,
    MOVING,
    OPENED,
    filled,
    key,
    landed,
    process,
)
from tests.release.adapters.s3 import FakeS3


@pytest.fixture
def s3():
    return FakeS3()


def garbage(s3):
    s3.write(key(4), b"<html>")


def edited(s3):
    s3.write(key(2), s3.objects[key(2)].replace(b"creating", b"moving"))


def edited_without_versions(s3):
    s3.objects[key(3)] = s3.objects[key(3)].replace(b"moving", b"verifying")


def newest_edited_without_versions(s3):
    s3.objects[key(4)] = s3.objects[key(4)].replace(b"landed", b"reverted")


def removed(s3):
    s3.write(key(2), None)


def removed_without_versions(s3):
    del s3.objects[key(3)]


def end_removed(s3):
    s3.write(key(4), None)


def of_a_later_format(s3):
    s3.objects[key(4)] = s3.objects[key(4)].replace(b'"format":3', b'"format":4')


def of_another_name(s3):
    s3.write("ledger/4.json.bak", b"?")


def in_anothers_place(s3):
    s3.objects[key(4)] = s3.objects[key(1)]


DAMAGES = {
    garbage: "entry 4 was changed after it was written",
    edited: "entry 2 was changed after it was written",
    edited_without_versions: "entry 4 does not follow from entry 3",
    newest_edited_without_versions: "entry 4 was changed: its hash is another than the heartbeat's",
    removed: "entry 2 was deleted; its versions are left",
    removed_without_versions: "entry 3 is missing",
    end_removed: "entry 4 was deleted; its versions are left",
    of_a_later_format: "Entry 4 of the ledger in bucket cannot be read: it is of format 4, which a later",
    of_another_name: "ledger/4.json.bak is no entry of the ledger",
    in_anothers_place: "Entry 4 of the ledger in bucket cannot be read: it is entry 1",
}


LATER: dict[str, tuple[bytes, bytes, str]] = {
    "format": (b'"format":3', b'"format":4', "it is of format 4, which a later version of Slipway wrote"),
    "event": (b'"event":"landed"', b'"event":"sunk"', "its what.event is 'sunk', which only a later version"),
    "kind": (b'"kind":"promote"', b'"kind":"tow"', "its subject.kind is 'tow', which only a later version"),
    "key": (b'"kind":"promote"', b'"kind":"promote","moon":3', "its subject.moon is 3, which only a later"),
}


@pytest.mark.parametrize(("old", "new", "said"), LATER.values(), ids=LATER)
def test_what_a_later_version_wrote_is_no_damage_and_nobody_guesses_at_it(s3, old, new, said):
    landed(s3)
    assert old in s3.objects[key(4)]
    s3.objects[key(4)] = s3.objects[key(4)].replace(old, new)
    s3.objects.pop(HEARTBEAT)
    s3.versions.clear()
    with pytest.raises(Damaged, match="Entry 4 of the ledger in bucket cannot be read: ") as caught:
        process(s3).open()
    assert said in caught.value.cause
    assert "git pull" in caught.value.next_step
    assert "Restore" not in caught.value.next_step
    [problem] = process(s3).damage()
    assert isinstance(problem, OfLaterVersion)


@pytest.mark.parametrize("content", [b"{}", b'{"format":3}', b"[]", b'{"format":0,"number":4}'])
def test_garbage_is_no_later_versions(s3, content):
    landed(s3)
    s3.objects[key(4)] = content
    s3.objects.pop(HEARTBEAT)
    s3.versions.clear()
    [problem] = process(s3).damage()
    assert not isinstance(problem, OfLaterVersion)
    with pytest.raises(Damaged) as caught:
        process(s3).open()
    assert caught.value.next_step.startswith("Restore s3://bucket/ledger/00000004.json")


class TestDamage:
    @pytest.fixture
    def written(self, s3):
        """A ledger of four entries, each written by a request and never again."""
        landed(s3)
        s3.versions.clear()
        s3.calls.clear()

    def test_a_whole_ledger_has_none(self, s3, written):
        assert process(s3).damage() == ()
        assert process(FakeS3()).damage() == ()

    def test_a_long_one_is_not_read_for_it(self, s3):
        filled(s3, 2_500, heartbeat=2_500)
        assert process(s3).damage() == ()
        assert s3.calls["get"] <= TAIL + 2

    @pytest.mark.parametrize(
        ("do", "named"), DAMAGES.items(), ids=lambda found: getattr(found, "__name__", "")
    )
    def test_each_is_named_with_its_place(self, s3, written, do, named):
        do(s3)
        assert any(problem.startswith(named) for problem in process(s3).damage()), process(s3).damage()

    @pytest.mark.parametrize("do", DAMAGES, ids=lambda found: found.__name__)
    def test_over_each_the_way_back_can_be_recorded_and_read(self, s3, written, do):
        do(s3)
        store = process(s3)
        store.pass_over_damage()
        if left := store.open():
            store.append(left.subject, Closed(event=End.LANDED, reason="its end is damaged"))
        store.append(ANOTHER, OPENED)
        store.append(ANOTHER, MOVING)
        again = process(s3)
        again.pass_over_damage()
        found = again.open()
        assert found is not None
        assert (found.id, found.phase) == (ANOTHER.rollout, Phase.MOVING)
        again.append(ANOTHER, Closed(event=End.LANDED))
        assert again.open() is None
        # Without versions only the hash that nobody rewrote could tell of an edit of what was the newest.
        assert process(s3).damage() != () or do is newest_edited_without_versions

    @pytest.mark.parametrize("do", [garbage, edited, removed, end_removed])
    def test_what_is_put_back_after_the_way_back_is_whole(self, s3, written, do):
        """What the way back wrote follows what was there first, so that nothing of it is in vain."""
        before = dict(s3.objects)
        do(s3)
        store = process(s3)
        store.pass_over_damage()
        store.open()
        store.append(ANOTHER, OPENED)
        store.append(ANOTHER, Closed(event=End.LANDED))
        assert process(s3).damage() != ()
        for name, data in before.items():
            if name.startswith("ledger/") and s3.objects.get(name) != data:
                s3.write(name, data)
        assert process(s3).damage() == ()
        assert prove(process(s3).shelf()).problems == ()

    def test_what_a_person_went_on_over_counts_no_more(self, s3, written):
        garbage(s3)
        store = process(s3)
        over = store.damage()
        store.pass_over_damage()
        left = store.open()
        assert left is not None
        entry = store.append(left.subject, Closed(event=End.UNLOCKED, reason="why", over=over))
        store.accept(entry)
        again = process(s3)
        assert again.damage() == ()
        assert again.open() is None, "it is read over"
        again.append(ANOTHER, OPENED)
        removed(s3)
        assert process(s3).damage()[0] == "entry 2 was deleted; its versions are left"

    @pytest.mark.parametrize(
        "note", [b"", b"{}", b'{"entry": "x"}', b'{"entry": 1}', b'{"entry": 99}', b"[]"]
    )
    def test_a_note_that_leads_to_no_such_entry_accepts_nothing(self, s3, written, note):
        garbage(s3)
        s3.objects[ACCEPTED] = note
        assert process(s3).damage() != ()

    def test_what_is_put_back_is_whole(self, s3, written):
        before = dict(s3.objects)
        removed(s3)
        garbage(s3)
        for name in (key(2), key(4)):
            s3.write(name, before[name])
        assert process(s3).damage() == ()
