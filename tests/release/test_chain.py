"""The proof of a ledger: whatever is done to one entry of it is found, and the place is named."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain.chain import Proof, Shelf, Written, prove
from release.domain.ledger import Heartbeat, Stored, following
from tests.release.examples import AT, OTHER, OWNER, history

EVENTS = ("opened", "creating", "moving", "verifying", "reconciling", "landed")
WHOLE = [stored.entry.to_bytes() for stored in history(*EVENTS, "refused", *EVENTS)]
LAST = len(WHOLE)
NUMBERS = st.integers(1, LAST)


def written(number: int, *versions: bytes, gone: bool = False) -> Written:
    return Written(f"ledger/{number:08d}.json", number, versions, gone)


def beat(number: int = LAST, sealed: bool = True) -> Heartbeat:
    seal = Stored.from_bytes(WHOLE[number - 1]).sha256 if sealed else ""
    return Heartbeat.model_validate({"rollout": "r1", "at": AT, "number": number, "sha256": seal})


def stored() -> dict[int, Written]:
    """The whole ledger as it lies in a bucket."""
    return {number: written(number, data) for number, data in enumerate(WHOLE, start=1)}


def proof(objects: dict[int, Written], heartbeat: Heartbeat | None = None) -> Proof:
    return prove(Shelf(list(objects.values()), heartbeat))


def over(before: Written, data: bytes, versioned: bool) -> Written:
    """The object after somebody wrote `data` over it."""
    return replace(before, versions=(*before.versions, data) if versioned else (data,))


@pytest.mark.parametrize("heartbeat", [None, beat(), beat(sealed=False), beat(3)])
def test_a_whole_ledger_says_how_many_entries_were_proven(heartbeat):
    assert proof(stored(), heartbeat) == Proof(LAST, ())
    assert proof({}, None) == Proof(0, ())


@given(NUMBERS, st.data(), st.booleans())
def test_any_edit_is_found_with_its_number(number, data, versioned):
    """Whatever of an entry is changed, its content or only its bytes."""
    objects, values = stored(), json.loads(WHOLE[number - 1])
    field = data.draw(st.sampled_from(["at", "owner", "subject", "what", "previous", "spaces"]))
    match field:
        case "at":
            values["at"] = "2020-01-01T00:00:00.000+00:00"
        case "owner":
            values["owner"]["user"] = "somebody"
        case "subject":
            values["subject"]["release"] = "0" * 12
        case "what":
            values["what"]["reason"] = "all is well"
        case "previous":
            values["previous"] = "0" * 64
    changed = json.dumps(values).encode()
    objects[number] = over(objects[number], changed, versioned)
    problems = proof(objects, None if versioned else beat()).problems
    assert problems
    assert any(f"entry {number} " in problem or f"entry {number}:" in problem for problem in problems)
    if field != "previous":
        assert len(problems) == 1, "one edit has one place"


@given(NUMBERS, st.binary(max_size=40), st.booleans())
def test_any_garbage_is_found(number, data, versioned):
    objects = stored()
    objects[number] = over(objects[number], data, versioned)
    assert f"entry {number} " in " ".join(proof(objects, None if versioned else beat()).problems)


@given(NUMBERS, st.sampled_from(["a marker", "its versions too"]))
def test_any_removal_is_found_with_its_number(number, how):
    objects = stored()
    if how == "a marker":
        objects[number] = replace(objects[number], gone=True)
        assert proof(objects).problems == (f"entry {number} was deleted; its versions are left",)
    else:
        del objects[number]
        [problem] = proof(objects, beat()).problems
        assert problem.startswith(f"entry {number} is missing")


@given(st.lists(NUMBERS, min_size=2, max_size=2, unique=True), st.booleans())
def test_any_swap_is_found_with_both_places(pair, versioned):
    one, two = pair
    objects = stored()
    objects[one], objects[two] = (
        over(objects[one], WHOLE[two - 1], versioned),
        over(objects[two], WHOLE[one - 1], versioned),
    )
    text = " ".join(proof(objects, beat()).problems)
    assert f"entry {one} " in text
    assert f"entry {two} " in text


@given(NUMBERS, st.booleans())
def test_an_entry_that_was_changed_and_put_back_is_whole(number, gone):
    """As an error of the ledger advises: restore it from its versions."""
    objects = stored()
    changed = () if gone else (b"{}",)
    objects[number] = replace(objects[number], versions=(WHOLE[number - 1], *changed, WHOLE[number - 1]))
    assert proof(objects, beat()).problems == ()


def test_a_missing_beginning_a_gap_and_a_missing_end_are_told_apart():
    objects = {number: found for number, found in stored().items() if number not in {1, 2, 5, LAST}}
    assert proof(objects, beat()).problems == (
        "entries 1 to 2 are missing: the beginning",
        "entry 5 is missing",
        f"entry {LAST} is missing: the end, which the heartbeat knows",
    )


def test_a_ledger_that_is_gone_altogether():
    assert proof({}, beat()).problems == (
        f"entries 1 to {LAST} are missing: the end, which the heartbeat knows",
    )


def test_a_new_beginning_that_names_another_before_it_is_found():
    entry = following(
        None, AT, Stored.from_bytes(WHOLE[0]).entry.subject, OWNER, Stored.from_bytes(WHOLE[0]).entry.what
    )
    first = entry.model_copy(update={"previous": "0" * 64}).to_bytes()
    assert proof({1: written(1, first)}).problems == (
        "entry 1 follows from another: it is not the beginning",
    )


def test_what_is_no_entry_is_named():
    foreign = Written("ledger/notes.txt", None, (b"?",))
    assert prove(Shelf([*stored().values(), foreign])).problems == (
        "ledger/notes.txt is no entry of the ledger",
    )
    assert prove(Shelf([*stored().values(), replace(foreign, gone=True)])).problems == ()


def test_an_entry_far_behind_the_end_is_a_gap():
    far = written(99_999_999, WHOLE[0])
    text = " ".join(prove(Shelf([*stored().values(), far])).problems)
    assert f"entries {LAST + 1} to 99999998 are missing" in text
    assert "the object of entry 99999999 holds entry 1" in text


def test_a_chain_that_was_written_anew_from_one_place_on_is_found_by_the_seal():
    """Somebody changes an entry and computes all hashes after it again; old versions were deleted."""
    objects, last = {}, None
    for number, data in enumerate(WHOLE, start=1):
        old = Stored.from_bytes(data).entry
        owner = OTHER if number == 4 else old.owner
        last = Stored.from_bytes(following(last, old.at, old.subject, owner, old.what).to_bytes())
        objects[number] = written(number, last.entry.to_bytes())
    assert proof(objects, None).problems == ()
    assert proof(objects, beat()).problems == (
        f"entry {LAST} was changed: its hash is another than was recorded",
    )
