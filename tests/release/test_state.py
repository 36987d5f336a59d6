"""The table of disagreements, row by row: which facts are which standing, and what is told of it."""

import itertools
import re
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.domain import state
from release.domain.chain import OfLaterVersion
from release.domain.experiment import Experiment
from release.domain.ledger import Closed, End, Opened, OpenRollout, Phase, Stored, Subject, following
from release.domain.pins import Pins
from release.domain.state import TABLE, Does, Facts, Role, Standing
from tests.release.examples import AT, NEW, NEXT, OLD, OWNER, pin, pins
from tests.release.state_page import DOCUMENT, page

NOW = pins(NEW, OLD)
"""What the file names, where nothing else is said."""
PROMOTE = Subject(kind="promote", endpoint="delays", release=NEXT, rollout="r1")


def opened(before: Pins, after: Pins) -> OpenRollout:
    return OpenRollout(PROMOTE, Opened(before=before, after=after), OWNER, Phase.MOVING)


def compares(before: Pins, after: Pins) -> OpenRollout:
    asked = Experiment(outcome="on_time", base=0.2, minimum=0.02)
    what = Opened(before=before, after=after, experiment=asked)
    return OpenRollout(PROMOTE, what, OWNER, Phase.EXPERIMENTING)


HERE, THERE = "delays-prod-aaaa", "delays-prod-bbbb"
"""The config of the live release, and another."""
BUCKET = "slipway-prod-123456789012-us-east-1"
AGREE = Facts(NOW, left=NOW, wanted=HERE, serves=HERE, bucket=BUCKET)
LATER = OfLaterVersion("entry 3 is of format 9")
ROWS: dict[Standing, list[Facts]] = {
    Standing.ELSEWHERE: [
        replace(AGREE, bucket="slipway-prod-123456789012-eu-west-1"),
        replace(AGREE, bucket="slipway-prod-210987654321-us-east-1", damage=("entry 3 is missing",)),
        replace(AGREE, bucket="slipway-prod-123456789012-eu-west-1", serves=None),
    ],
    Standing.EMPTY: [
        replace(AGREE, provisioned=False, serves=None, left=None),
        replace(AGREE, provisioned=False, serves=None, left=None, missing=("the image",)),
    ],
    Standing.DAMAGED: [
        replace(AGREE, damage=("entry 3 is missing",)),
        Facts(pins(OLD), left=NOW, damage=("entry 3 is missing",), serves=THERE),
        replace(AGREE, damage=("entry 3 is missing",), open=opened(NOW, pins(NEXT, NEW))),
    ],
    Standing.LATER: [replace(AGREE, damage=(LATER,)), replace(AGREE, damage=(LATER, LATER), serves=THERE)],
    Standing.EXPERIMENT: [Facts(pins(NEW, OLD, NEXT), left=NOW, open=compares(NOW, pins(NEXT, NEW)))],
    Standing.OPEN: [
        replace(AGREE, open=opened(NOW, pins(NEXT, NEW))),
        Facts(pins(NEW, OLD, NEXT), left=NOW, open=opened(NOW, pins(NEXT, NEW))),
        Facts(pins(NEXT, NEW), left=NOW, open=opened(NOW, pins(NEXT, NEW))),
        Facts(Pins(), open=opened(Pins(), pins(NEXT))),
    ],
    Standing.OPEN_STALE: [
        Facts(pins(OLD), left=NOW, open=opened(NOW, pins(NEXT, NEW))),
        Facts(Pins(), left=NOW, open=opened(NOW, pins(NEXT, NEW))),
        Facts(NOW, left=NOW, open=compares(NOW, pins(NEXT, NEW))),
    ],
    Standing.STALE: [
        Facts(pins(OLD), left=NOW),
        Facts(pins(NEW), left=NOW),
        Facts(pins(NEW, OLD, NEXT), left=NOW),
        Facts(pins(OLD, NEW), left=NOW),
        Facts(Pins(live=pin(NEW, capacity=3), previous=pin(OLD)), left=NOW),
        Facts(Pins(live=pin(NEW, type="ml.c7i.large"), previous=pin(OLD)), left=NOW),
        Facts(Pins(), left=NOW, serves=HERE),
        replace(AGREE, pins=pins(OLD), serves=THERE),
    ],
    Standing.UNNAMED: [Facts(Pins(), serves=THERE), Facts(Pins(), left=Pins(), serves=THERE)],
    Standing.GONE: [replace(AGREE, serves=None), replace(AGREE, serves=None, missing=("the model",))],
    Standing.LACKING: [replace(AGREE, missing=("the model",))],
    Standing.MOVED: [replace(AGREE, serves=THERE), Facts(NOW, wanted=HERE, serves=THERE)],
    Standing.WHOLE: [
        AGREE,
        replace(AGREE, left=None),
        Facts(Pins()),
        Facts(Pins(), provisioned=False),
        Facts(Pins(), left=Pins()),
        # an endpoint that was taken out of the stage's data, and comes again
        Facts(Pins(), left=NOW),
    ],
}


@pytest.mark.parametrize(("standing", "facts"), [(s, f) for s, found in ROWS.items() for f in found])
def test_these_facts_are_this_standing(standing, facts):
    assert state.standing(facts) is standing


@pytest.mark.parametrize("facts", [f for s, found in list(ROWS.items())[4:] for f in found])
def test_a_damaged_ledger_keeps_nothing_else_from_being_so(facts):
    damaged = replace(facts, damage=("entry 3 is missing",))
    assert state.standings(damaged) == (Standing.DAMAGED, state.standing(facts))
    later = replace(facts, damage=(LATER,))
    assert state.standings(later) == (Standing.LATER, state.standing(facts))
    both = replace(facts, damage=(LATER, "entry 4 is missing"))
    assert state.standings(both) == (Standing.DAMAGED, Standing.LATER, state.standing(facts))


def test_every_standing_has_an_example_and_an_answer_for_every_role():
    assert set(ROWS) == set(TABLE) == set(Standing)
    for answer in TABLE.values():
        assert set(answer.does) == set(get_args(Role))


@pytest.mark.parametrize("standing", Standing)
def test_what_refuses_says_what_is_so_why_and_which_command_ends_it(standing):
    so, danger, ends = state.told(standing, ROWS[standing][0], "prod", "delays", "./slipway promote prod")
    assert not re.search("[{}]", so + danger + ends)
    if Does.REFUSES in TABLE[standing].does.values():
        assert danger
        assert re.search(r"\./slipway [a-z]+ prod|aws sagemaker [a-z-]+ --endpoint-name delays-prod", ends)


def test_a_stale_file_is_told_with_both_sides():
    so, _, _ = state.told(Standing.STALE, Facts(pins(OLD), left=NOW), "prod", "delays")
    assert "Pulumi.prod.yaml" in so
    assert f"names {OLD} (on 2 of ml.m7i.large) as live, nothing as previous" in so
    assert f"the ledger {NEW} (on 2 of ml.m7i.large) as live, {OLD}" in so


def test_the_page_is_the_table():
    """Otherwise: python -m tests.release.state_page."""
    assert DOCUMENT.read_text(encoding="utf-8") == page()


def closed(end: End) -> Closed:
    """The end of a rollout. An unlock goes on from a file that names A."""
    named = {"delays": A} if end is End.UNLOCKED else {}
    return Closed.model_validate({"event": end, "pins": named})


def past(*rollouts: tuple[str, Pins, Pins, End | None]) -> list[Stored]:
    """A ledger of rollouts: endpoint, pins before and after, and how each ended (None: it is open)."""
    found: list[Stored] = []
    for number, (endpoint, before, after, end) in enumerate(rollouts):
        subject = PROMOTE.model_copy(update={"endpoint": endpoint, "rollout": f"r{number}"})
        for what in (
            Opened(before=before, after=after),
            *([closed(end)] if end else []),
        ):
            entry = following(found[-1] if found else None, AT, subject, OWNER, what)
            found.append(Stored.from_bytes(entry.to_bytes()))
    return found


A, B, C = pins(OLD), pins(NEW, OLD), pins(NEXT, NEW)


@pytest.mark.parametrize(
    ("rollouts", "left"),
    [
        ([], None),
        ([("delays", A, B, None)], None),
        ([("delays", A, B, End.LANDED)], B),
        ([("delays", A, B, End.REVERTED)], A),
        ([("delays", A, B, End.LANDED), ("delays", B, C, None)], B),
        ([("delays", A, B, End.LANDED), ("delays", B, C, End.REVERTED)], B),
        ([("delays", A, B, End.LANDED), ("fares", B, C, End.LANDED)], B),
        ([("fares", A, B, End.LANDED)], None),
        ([("delays", A, B, End.LANDED), ("delays", B, C, End.UNLOCKED)], A),
        ([("delays", A, B, End.LANDED), ("delays", B, C, End.UNLOCKED), ("fares", B, C, End.LANDED)], A),
        ([("delays", A, B, End.UNLOCKED), ("delays", B, C, End.LANDED)], C),
    ],
)
def test_the_last_closed_rollout_of_the_endpoint_left_the_pins(rollouts, left):
    assert dict(state.pins_left(reversed(past(*rollouts)), {"delays"})).get("delays") == left


SOME = st.sampled_from([Pins(), *itertools.starmap(pins, [(OLD,), (NEW, OLD), (NEXT, NEW), (NEW, NEXT)])])


CONFIG = st.sampled_from([None, HERE, THERE])


@given(
    st.builds(
        Facts,
        pins=SOME,
        left=st.none() | SOME,
        open=st.none() | st.builds(opened, SOME, SOME),
        wanted=CONFIG,
        serves=CONFIG,
        missing=st.sampled_from([(), ("the model",)]),
        damage=st.sampled_from([(), ("entry 3 is missing",), (LATER,)]),
    )
)
def test_no_other_release_than_the_ledgers_last_is_ever_moved_from(facts):
    """Whatever the facts: where a command would go on by the file, it names what the ledger left."""
    does = TABLE[state.standing(facts)].does
    if facts.damage:
        assert [role for role, what in does.items() if what is not Does.REFUSES] == ["rollback"]
        return
    if does["source"] is Does.GOES_ON and facts.left is not None and facts.open is None:
        assert facts.pins in (facts.left, Pins())
    if does["bring"] is Does.GOES_ON:
        assert facts.serves == facts.wanted, "pulumi up would meet what it did not make"
    if facts.open is None:
        assert Does.BY_LEDGER not in does.values()
